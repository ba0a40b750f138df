import type { Http2SecureServer, Http2Server, ServerHttp2Session, ServerHttp2Stream } from 'node:http2'
import type { Permit } from '../batch/credits.ts'
import { GROWTH_WITH_HTTP2, raiseHeapGrowth } from '../heap-growth.ts'
import { Admission, type ServingPhase } from '../http/admission.ts'
import { bodyLimits } from '../http/body.ts'
import { ConnectionCounts } from '../http/connection-counts.ts'
import type { ServerEvents } from '../http/connection-events.ts'
import { Handshakes } from '../http/handshakes.ts'
import { listen } from '../http/listen.ts'
import { nodeHttp2 } from '../http/node-modules.ts'
import { asRequestError, internalError, type RequestError, unavailable } from '../http/request-error.ts'
import type { ServerOptions } from '../http/server-options.ts'
import { ServerCertificate } from '../http/tls.ts'
import type { Tenant } from '../plugin/access.ts'
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
export type UnaryHandler = (
  message: Buffer,
  permit: Permit,
  call: Call,
  tenant: Tenant | undefined
) => Promise<Uint8Array>

export interface GrpcService {
  /** By path: `/package.Service/Method`. */
  readonly methods: ReadonlyMap<string, UnaryHandler>
  /** The error for another method. */
  elsewhere(call: Call): RequestError
}

export interface GrpcOptions extends Omit<ServerOptions, 'read_header_timeout'> {
  readonly endpoint: string
  /** Bytes, after decompression. */
  readonly max_recv_msg_size: number
}

/**
 * Unary gRPC on one endpoint. It listens from {@link open} or {@link start} to {@link stop}. It speaks the protocol itself, on Node's HTTP/2: the
 * library buffers a whole message before anybody could pay for it, and answers large ones with RESOURCE_EXHAUSTED.
 */
export class GrpcServer {
  readonly #options: GrpcOptions
  readonly #service: GrpcService
  readonly #context: Context
  readonly #events: ServerEvents
  readonly #certificate: ServerCertificate | undefined
  readonly #admission: Admission
  readonly #server: Http2Server | Http2SecureServer
  readonly #handshakes: Handshakes | undefined
  readonly #sessions = new Set<ServerHttp2Session>()
  /** Calls under way. */
  readonly #answering = new Set<Promise<void>>()
  #stopWatching: (() => void) | undefined
  #address: string
  #phase: ServingPhase = 'starting'
  #opened: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  /** Throws `CONFIG_INVALID` over the files of `options.tls`. */
  constructor(options: GrpcOptions, service: GrpcService, context: Context, events: ServerEvents) {
    this.#options = options
    this.#service = service
    this.#context = context
    this.#events = events
    this.#address = options.endpoint
    this.#certificate = options.tls && new ServerCertificate(options.tls, context)
    this.#admission = new Admission(options.auth, context)
    this.#server = this.#create()
    this.#handshakes = this.#certificate && new Handshakes(this.#server)
  }

  /** The address it listens on, with the port it was given if the endpoint says 0. Before it listens, the endpoint. */
  get address(): string {
    return this.#address
  }

  /** Listens. Throws as {@link listen} does. Idempotent. */
  open(): Promise<void> {
    this.#opened ??= this.#listen()
    return this.#opened
  }

  /** Serves from now on. Throws as {@link open} does. */
  async start(): Promise<void> {
    await this.open()
    this.#phase = 'serving'
  }

  /** Resolves once calls under way are answered, or ends them when `signal` says so. It goes on to listen. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#phase = 'draining'
    const abort = () => this.#destroySessions()
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    await Promise.all(this.#answering)
    signal.removeEventListener('abort', abort)
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
    raiseHeapGrowth(GROWTH_WITH_HTTP2)
    this.#address = await listen(this.#server, endpoint, this.#context.sharedPorts, `gRPC on ${endpoint}`)
    this.#stopWatching = this.#certificate?.watch(secrets =>
      (this.#server as Http2SecureServer).setSecureContext(secrets)
    )
  }

  async #close(signal: AbortSignal): Promise<void> {
    this.#phase = 'draining'
    this.#stopWatching?.()
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const abort = () => this.#destroySessions()
    this.#server.close(() => resolve())
    this.#handshakes?.end()
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    await promise
    signal.removeEventListener('abort', abort)
  }

  #destroySessions(): void {
    for (const session of this.#sessions) session.destroy()
  }

  #create(): Http2Server | Http2SecureServer {
    const { max_connections_per_address: most } = this.#options
    const counts = new ConnectionCounts(most)
    const server = newServer(this.#options.read_timeout, this.#certificate)
    server.on('connection', socket => {
      if (counts.admit(socket)) return
      this.#events.refused(socket.remoteAddress ?? 'an unknown address', most)
      socket.destroy()
    })
    server.on('session', session => this.#admitSession(session))
    server.on('stream', (stream: ServerHttp2Stream, headers) => this.#begin(new Call(stream, headers)))
    return server
  }

  #admitSession(session: ServerHttp2Session): void {
    let calls = 0
    this.#sessions.add(session)
    session.once('close', () => this.#sessions.delete(session))
    // A client that does not speak HTTP/2, or has gone.
    session.on('error', () => session.destroy())
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    session.on('stream', stream => {
      calls++
      stream.once('close', () => calls--)
    })
    // Each frame begins the time anew, also after it was over: so the answer does for a call that took longer.
    session.on('timeout', () => {
      if (calls === 0) session.close()
    })
    session.setTimeout(this.#options.idle_timeout)
  }

  #begin(call: Call): void {
    const answered = this.#answer(call).finally(() => this.#answering.delete(answered))
    this.#answering.add(answered)
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
    const tenant = await this.#admission.admit(this.#phase, call.metadata)
    const method = this.#service.methods.get(call.path)
    if (method === undefined) throw this.#service.elsewhere(call)
    const encoding = call.metadata['grpc-encoding']?.toString()
    const limits = bodyLimits(credits, this.#options.max_recv_msg_size, 'max_recv_msg_size', tenant)
    const { body, permit } = await readMessage(call.stream, encoding, limits)
    readCompleted()
    return method(body, permit, call, tenant)
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

function newServer(
  handshakeTimeout: number,
  certificate: ServerCertificate | undefined
): Http2Server | Http2SecureServer {
  const settings = { maxConcurrentStreams: MOST_STREAMS, initialWindowSize: STREAM_WINDOW_BYTES }
  return certificate === undefined
    ? nodeHttp2().createServer({ settings })
    : nodeHttp2().createSecureServer({ settings, handshakeTimeout, ...certificate.options })
}
