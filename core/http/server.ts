import { once } from 'node:events'
import type { RequestListener, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Server as TlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ServingPhase } from './admission.ts'
import { ConnectionCounts } from './connection-counts.ts'
import { type ConnectionEvents, NO_EVENTS } from './connection-events.ts'
import { type ConnectionLimits, DEFAULT_CONNECTION_LIMITS } from './connection-limits.ts'
import { Handshakes } from './handshakes.ts'
import { listen } from './listen.ts'
import { nodeHttp, nodeHttps } from './node-modules.ts'
import { RETRY_AFTER_S } from './request-error.ts'
import type { ServerCertificate } from './tls.ts'

const CHECKS_PER_LIMIT = 4
const TRY_AGAIN = `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_S}\r\nConnection: close\r\n\r\n`
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'

export interface HttpServerOptions {
  readonly limits?: ConnectionLimits
  readonly events?: ConnectionEvents
  /** See `Context`. */
  readonly sharedPorts?: Map<string, number> | undefined
  /** Plain HTTP without it. */
  readonly certificate?: ServerCertificate | undefined
}

/** A server on one endpoint. It listens from {@link open} or {@link start} to {@link stop}. */
export class HttpServer {
  readonly #endpoint: string
  readonly #server: Server | TlsServer
  readonly #handshakes: Handshakes | undefined
  readonly #sharedPorts: Map<string, number> | undefined
  readonly #certificate: ServerCertificate | undefined
  /** Requests under way. */
  readonly #answering = new Set<ServerResponse>()
  #stopWatching: (() => void) | undefined
  #address: string
  #opened: Promise<void> | undefined
  #stopped: Promise<void> | undefined
  phase: ServingPhase = 'starting'

  /**
   * @param listener an express application, or a plain function
   * @param endpoint as `parseEndpoint` takes it
   */
  constructor(endpoint: string, listener: RequestListener, options: HttpServerOptions = {}) {
    const { limits = DEFAULT_CONNECTION_LIMITS, events = NO_EVENTS } = options
    this.#endpoint = this.#address = endpoint
    this.#sharedPorts = options.sharedPorts
    this.#certificate = options.certificate
    this.#server = serverFor(limits, this.#certificate, listener)
    this.#handshakes = this.#certificate && new Handshakes(this.#server)
    const counts = new ConnectionCounts(limits.max_connections_per_address)
    this.#server.on('connection', socket => {
      if (!counts.admit(socket)) refuse(socket, events, limits.max_connections_per_address)
    })
    this.#server.on('clientError', (error, socket) => answerBroken(error, socket, events))
    this.#server.on('request', (request, response) => {
      this.#answering.add(response)
      response.on('close', () => this.#answering.delete(response))
      response.on('finish', () => this.#closeWhenIdle())
      // One that is answered early may still be coming in.
      request.on('close', () => this.#closeWhenIdle())
    })
  }

  /** The address it listens on, with the port it was given if the endpoint says 0. Before it listens, the endpoint. */
  get address(): string {
    return this.#address
  }

  /** `https` if it has a certificate. */
  get scheme(): 'http' | 'https' {
    return this.#certificate === undefined ? 'http' : 'https'
  }

  /**
   * Listens. Throws `WeirError` `PORT_IN_USE`, or `COMPONENT_FAILED` for an address that cannot be had.
   * Idempotent.
   */
  open(): Promise<void> {
    this.#opened ??= this.#listen()
    return this.#opened
  }

  /** Serves from now on. Throws as {@link open} does. */
  async start(): Promise<void> {
    await this.open()
    this.phase = 'serving'
  }

  /** Resolves once requests under way are answered, or ends them when `signal` says so. It goes on to listen. */
  async drain(signal: AbortSignal): Promise<void> {
    this.phase = 'draining'
    const abort = () => this.#server.closeAllConnections()
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    await Promise.all([...this.#answering].map(response => once(response, 'close')))
    signal.removeEventListener('abort', abort)
  }

  /** Takes no more connections, lets open requests finish, or ends them when `signal` says so. Idempotent. */
  stop(signal: AbortSignal): Promise<void> {
    this.#stopped ??= this.#close(signal)
    return this.#stopped
  }

  async #listen(): Promise<void> {
    this.#address = await listen(this.#server, this.#endpoint, this.#sharedPorts)
    this.#stopWatching = this.#certificate?.watch(secrets => (this.#server as TlsServer).setSecureContext(secrets))
  }

  async #close(signal: AbortSignal): Promise<void> {
    this.phase = 'draining'
    this.#stopWatching?.()
    if (!this.#server.listening) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const abort = () => this.#server.closeAllConnections()
    this.#server.close(() => resolve())
    this.#handshakes?.end()
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

function serverFor(
  limits: ConnectionLimits,
  certificate: ServerCertificate | undefined,
  listener: RequestListener
): Server | TlsServer {
  const headersTimeout = Math.min(limits.read_header_timeout, limits.read_timeout)
  const options: ServerOptions = {
    keepAliveTimeout: limits.idle_timeout,
    headersTimeout,
    requestTimeout: limits.read_timeout,
    connectionsCheckingInterval: headersTimeout / CHECKS_PER_LIMIT
  }
  if (certificate === undefined) return nodeHttp().createServer(options, listener)
  return nodeHttps().createServer({ ...options, ...certificate.options, handshakeTimeout: headersTimeout }, listener)
}

/** OpenTelemetry's SDKs give up on status 408, Node's own answer to a slow client, and try again on 503. */
function answerBroken(error: NodeJS.ErrnoException, socket: Duplex, events: ConnectionEvents): void {
  // Its client would never read an answer: without a handshake nothing can be sent.
  const isBeforeHandshake = error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT'
  const isSlow = isBeforeHandshake || error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
  if (isSlow) events.timedOut()
  if (isBeforeHandshake || !socket.writable) return void socket.destroy()
  socket.end(isSlow ? TRY_AGAIN : BAD_REQUEST, () => socket.destroy())
}

/** Closed at once, so that no request on it is read. A client that has sent none yet gets the answer. */
function refuse(socket: Socket, events: ConnectionEvents, most: number): void {
  events.refused(socket.remoteAddress ?? 'an unknown address', most)
  socket.write(TRY_AGAIN)
  socket.destroy()
}
