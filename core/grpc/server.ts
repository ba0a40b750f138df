import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Permit } from '../batch/credits.ts'
import { ConnectionCounts } from '../http/connection-counts.ts'
import type { ServerEvents } from '../http/connection-events.ts'
import type { ConnectionLimits } from '../http/connection-limits.ts'
import { listen } from '../http/listen.ts'
import { asRequestError, internalError, type RequestError, unavailable } from '../http/request-error.ts'
import type { Context } from '../plugin/context.ts'
import { RPC_CODE } from '../wire/rpc-code.ts'
import { Call } from './call.ts'
import { readMessage } from './message.ts'
import { type GrpcStatus, statusOf } from './status.ts'

/** Calls of one connection at a time. Clients that have more wait for their turn, or open another connection. */
const MOST_STREAMS = 128
// HTTP/2's own 64 KiB would hold up large messages for a round trip each. What has come is paid for with credits.
const STREAM_WINDOW_BYTES = 256 * 1024
const SESSION_WINDOW_BYTES = 1024 * 1024

const NO_TIMER = () => {}

/** A handler owns `permit`. It resolves to the answer, or throws `RequestError` or `BadInputError`. */
export type UnaryHandler = (message: Buffer, permit: Permit, call: Call) => Promise<Uint8Array>

export interface GrpcService {
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, UnaryHandler>
  /** The error for another method. */
  elsewhere(call: Call): RequestError
}

export interface GrpcOptions extends Omit<ConnectionLimits, 'read_header_timeout'> {
  readonly endpoint: string
  /** Bytes, after decompression. */
  readonly max_recv_msg_size: number
}

/**
 * Unary gRPC on one endpoint, from {@link start} to {@link stop}. It speaks the protocol itself, on Node's HTTP/2: the
 * library buffers a whole message before anybody could pay for it, and answers large ones with RESOURCE_EXHAUSTED.
 */
export class GrpcServer {
  readonly #options: GrpcOptions
  readonly #service: GrpcService
  readonly #context: Context
  readonly #events: ServerEvents
  readonly #server: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()
  #address: string
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: GrpcOptions, service: GrpcService, context: Context, events: ServerEvents) {
    this.#options = options
    this.#service = service
    this.#context = context
    this.#events = events
    this.#address = options.endpoint
    this.#server = this.#create()
  }

  /** The address it listens on, with the port it was given if the endpoint says 0. Before it listens, the endpoint. */
  get address(): string {
    return this.#address
  }

  /** Throws as {@link listen} does. Idempotent. */
  start(): Promise<void> {
    this.#started ??= this.#listen()
    return this.#started
  }

  /**
   * Takes no more connections and tells those there are to go (GOAWAY). Calls that have begun get their answers, unless
   * `signal` ends them. Idempotent.
   */
  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#close(signal)
    return this.#stopped
  }

  async #listen(): Promise<void> {
    const { endpoint } = this.#options
    this.#address = await listen(this.#server, endpoint, this.#context.sharedPorts, `gRPC on ${endpoint}`)
  }

  async #close(signal: AbortSignal): Promise<void> {
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const abort = () => {
      for (const session of this.#sessions) session.destroy()
    }
    this.#server.close(() => resolve())
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    await promise
    signal.removeEventListener('abort', abort)
  }

  #create(): Http2Server {
    const { max_connections_per_address: most } = this.#options
    const counts = new ConnectionCounts(most)
    const server = newServer()
    server.on('connection', socket => {
      if (counts.admit(socket)) return
      this.#events.refused(socket.remoteAddress ?? 'an unknown address', most)
      socket.destroy()
    })
    server.on('session', session => this.#opened(session))
    server.on('stream', (stream: ServerHttp2Stream, headers) => void this.#answer(new Call(stream, headers)))
    return server
  }

  #opened(session: ServerHttp2Session): void {
    let calls = 0
    this.#sessions.add(session)
    session.once('close', () => this.#sessions.delete(session))
    // A client that does not speak HTTP/2, or has gone.
    session.on('error', () => session.destroy())
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    session.on('stream', stream => {
      calls++
      stream.once('close', () => {
        calls--
        if (!session.destroyed) session.setTimeout(this.#options.idle_timeout)
      })
    })
    session.on('timeout', () => {
      if (calls === 0) session.close()
    })
    session.setTimeout(this.#options.idle_timeout)
  }

  /** Every error is counted and answered, and never ends the process. */
  async #answer(call: Call): Promise<void> {
    const { httpError } = call
    if (httpError !== undefined) return call.failHttp(httpError)
    const timers = this.#timers(call)
    try {
      call.succeed(await this.#run(call, timers.read))
    } catch (thrown) {
      const known = asRequestError(thrown)
      const error = known ?? internalError()
      this.#events.answered(error, call.path, known === undefined ? thrown : undefined)
      call.fail(statusOf(error))
    } finally {
      for (const cancel of Object.values(timers)) cancel()
    }
  }

  /** Here a call is known by its metadata, and none of its bytes has been read. */
  async #run(call: Call, readCompleted: () => void): Promise<Uint8Array> {
    const { credits } = this.#context
    const method = this.#service.methods.get(call.path)
    if (method === undefined) throw this.#service.elsewhere(call)
    const encoding = call.metadata['grpc-encoding']?.toString()
    const limits = { credits, maxBytes: this.#options.max_recv_msg_size, option: 'max_recv_msg_size' }
    const { body, permit } = await readMessage(call.stream, encoding, limits)
    readCompleted()
    return method(body, permit, call)
  }

  /** Answers a call whose time is over. Each timer is a function that cancels it. */
  #timers(call: Call): { readonly read: () => void; readonly deadline: () => void } {
    const { clock } = this.#context
    const { read_timeout } = this.#options
    const { timeoutMs } = call
    const deadline = Number.isFinite(timeoutMs)
      ? clock.setTimer(timeoutMs, () => call.fail(lateFor(timeoutMs)))
      : NO_TIMER
    // Most clients set a deadline that comes first.
    if (timeoutMs <= read_timeout) return { read: NO_TIMER, deadline }
    const read = clock.setTimer(read_timeout, () => {
      this.#events.timedOut()
      call.fail(statusOf(unavailable('the call took longer than read_timeout to come: send this again')))
    })
    return { read, deadline }
  }
}

function lateFor(timeoutMs: number): GrpcStatus {
  const message = `no answer within ${timeoutMs} ms, the time that the client set: send this again`
  return { code: RPC_CODE.deadlineExceeded, message }
}

/** The one place that makes a server, and so the place for its certificates. */
function newServer(): Http2Server {
  return createServer({ settings: { maxConcurrentStreams: MOST_STREAMS, initialWindowSize: STREAM_WINDOW_BYTES } })
}
