import { createServer, type RequestListener, type Server } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type ListenOptions,
  type Socket,
  type Server as TcpServer
} from 'node:net'
import type { Duplex } from 'node:stream'
import { WeirError } from '../errors.ts'
import { ConnectionCounts } from './connection-counts.ts'
import { DEFAULT_CONNECTION_LIMITS } from './connection-limits.ts'
import { formatEndpoint, parseEndpoint } from './endpoint.ts'
import { RETRY_AFTER_S } from './request-error.ts'

const CHECKS_PER_LIMIT = 4
const TRY_AGAIN = `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_S}\r\nConnection: close\r\n\r\n`
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'

/** Told of connections that are ended although their clients did not ask for it. */
export interface ConnectionEvents {
  /** One more than `max_connections_per_address`. */
  refused(address: string): void
  /** Slower than the times allow. */
  timedOut(): void
}

const NOBODY: ConnectionEvents = { refused() {}, timedOut() {} }

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
    events = NOBODY,
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
    const counts = new ConnectionCounts(limits.max_connections_per_address)
    this.#server = createServer(options, listener)
    this.#server.on('connection', socket => {
      if (!counts.admit(socket)) refuse(socket, events)
    })
    this.#server.on('clientError', (error, socket) => answerBroken(error, socket, events))
    this.#server.on('request', (request, response) => {
      response.on('finish', () => this.#closeWhenIdle())
      // One that is answered early may still be coming in.
      request.on('close', () => this.#closeWhenIdle())
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
    const { host, port } = parseEndpoint(this.#endpoint)
    const options = this.#sharedPorts === undefined ? { host, port } : await this.#sharedPort(this.#sharedPorts)
    const address = await listening(this.#server, options).catch(cause => {
      throw listenError(this.#endpoint, cause)
    })
    this.#address = formatEndpoint({ host: address.address, port: address.port })
  }

  /** Finds the port if nobody has it yet. Alone, for another program's would be shared without a word. */
  async #sharedPort(ports: Map<string, number>): Promise<ListenOptions> {
    const endpoint = parseEndpoint(this.#endpoint)
    if (!ports.has(this.#endpoint)) {
      const probe = createTcpServer()
      const { port } = await listening(probe, endpoint).catch(cause => {
        throw listenError(this.#endpoint, cause)
      })
      await new Promise(resolve => probe.close(resolve))
      ports.set(this.#endpoint, port)
    }
    return { host: endpoint.host, port: ports.get(this.#endpoint), reusePort: true }
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
function refuse(socket: Socket, events: ConnectionEvents): void {
  events.refused(socket.remoteAddress ?? 'an unknown address')
  socket.write(TRY_AGAIN)
  socket.destroy()
}

function listening(server: TcpServer, options: ListenOptions): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

function listenError(endpoint: string, cause: NodeJS.ErrnoException): Error {
  if (cause.code === 'EADDRINUSE')
    return new WeirError(
      'PORT_IN_USE',
      `cannot listen on ${endpoint}: another process does; end it, or set another endpoint here`,
      { cause }
    )
  const advice =
    cause.code === 'ENOTSUP' ? '; threads cannot share a port on this system: leave out service.workers' : ''
  return new WeirError('COMPONENT_FAILED', `cannot listen on ${endpoint}: ${cause.message}${advice}`, { cause })
}
