import { createServer, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { ConnectionCounts } from './connection-counts.ts'
import { type ConnectionEvents, NO_EVENTS } from './connection-events.ts'
import { DEFAULT_CONNECTION_LIMITS } from './connection-limits.ts'
import { listen } from './listen.ts'
import { RETRY_AFTER_S } from './request-error.ts'

const CHECKS_PER_LIMIT = 4
const TRY_AGAIN = `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_S}\r\nConnection: close\r\n\r\n`
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'

/** A server on one endpoint, from {@link start} to {@link stop}. */
export class HttpServer {
  readonly #endpoint: string
  readonly #server: Server
  readonly #sharedPorts: Map<string, number> | undefined
  #address: string
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  /**
   * @param listener an express application, or a plain function
   * @param endpoint as `parseEndpoint` takes it
   * @param sharedPorts see `Context`
   */
  constructor(
    endpoint: string,
    listener: RequestListener,
    limits = DEFAULT_CONNECTION_LIMITS,
    events = NO_EVENTS,
    sharedPorts?: Map<string, number>
  ) {
    this.#endpoint = this.#address = endpoint
    this.#sharedPorts = sharedPorts
    const headersTimeout = Math.min(limits.read_header_timeout, limits.read_timeout)
    const options = {
      keepAliveTimeout: limits.idle_timeout,
      headersTimeout,
      requestTimeout: limits.read_timeout,
      connectionsCheckingInterval: headersTimeout / CHECKS_PER_LIMIT
    }
    const most = limits.max_connections_per_address
    const counts = new ConnectionCounts(most)
    this.#server = createServer(options, listener)
    this.#server.on('connection', socket => {
      if (!counts.admit(socket)) refuse(socket, events, most)
    })
    this.#server.on('clientError', (error, socket) => answerBroken(error, socket, events))
    this.#server.on('request', (_request, response) => {
      response.on('finish', () => this.#closeWhenIdle())
    })
  }

  /** The address it listens on, with the port it was given if the endpoint says 0. Before it listens, the endpoint. */
  get address(): string {
    return this.#address
  }

  /** Throws {@link WeirError} `PORT_IN_USE`, or `COMPONENT_FAILED` for an address that cannot be had. Idempotent. */
  start(): Promise<void> {
    this.#started ??= this.#listen()
    return this.#started
  }

  /** Takes no more connections, lets open requests finish, or ends them when `signal` says so. Idempotent. */
  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#close(signal)
    return this.#stopped
  }

  async #listen(): Promise<void> {
    this.#address = await listen(this.#server, this.#endpoint, this.#sharedPorts)
  }

  async #close(signal: AbortSignal): Promise<void> {
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const abort = () => this.#server.closeAllConnections()
    this.#server.close(() => resolve())
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    await promise
    signal.removeEventListener('abort', abort)
  }

  // A connection kept alive counts as idle only once its response is through.
  #closeWhenIdle(): void {
    if (this.#stopped !== undefined) setImmediate(() => this.#server.closeIdleConnections())
  }
}

/** OpenTelemetry's SDKs give up on status 408, Node's own answer to a slow client, and try again on 503. */
function answerBroken(error: NodeJS.ErrnoException, socket: Duplex, events: ConnectionEvents): void {
  const isSlow = error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (isSlow) events.timedOut()
  if (!socket.writable) return void socket.destroy()
  socket.end(isSlow ? TRY_AGAIN : BAD_REQUEST, () => socket.destroy())
}

/** Closed at once, so that no request on it is read. A client that has sent none yet gets the answer. */
function refuse(socket: Socket, events: ConnectionEvents, most: number): void {
  events.refused(socket.remoteAddress ?? 'an unknown address', most)
  socket.write(TRY_AGAIN)
  socket.destroy()
}
