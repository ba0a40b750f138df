import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { WeirError } from '../errors.ts'
import { formatEndpoint, parseEndpoint } from './endpoint.ts'
import { RETRY_AFTER_S } from './request-error.ts'

// Longer than OpenTelemetry's usual minute between exports: the client should be the one that closes an idle connection,
// or its next request may meet one that is just going.
const KEEP_ALIVE_MS = 75_000

/** What a client may take of a server before it has sent a request. */
export interface ConnectionLimits {
  /** From the first byte of a request, or from the connection, to the last header, ms. */
  readonly headersMs: number
  /** To the last byte of the body, ms. */
  readonly requestMs: number
}

const LIMITS: ConnectionLimits = { headersMs: 10_000, requestMs: 60_000 }
const CHECKS_PER_LIMIT = 4
const TRY_AGAIN = `HTTP/1.1 503 Service Unavailable\r\nRetry-After: ${RETRY_AFTER_S}\r\nConnection: close\r\n\r\n`
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'

/** A server on one endpoint, from {@link start} to {@link stop}. */
export class HttpServer {
  readonly #endpoint: string
  readonly #server: Server
  #address: string
  #started: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  /** @param listener an express application, or a plain function. @param endpoint as `parseEndpoint` takes it */
  constructor(endpoint: string, listener: RequestListener, limits = LIMITS) {
    this.#endpoint = this.#address = endpoint
    const options = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.headersMs / CHECKS_PER_LIMIT
    }
    this.#server = createServer(options, listener)
    this.#server.on('clientError', answerBroken)
    this.#server.on('request', (_request, response) => {
      response.on('finish', () => this.#closeWhenIdle())
    })
  }

  /** Where it listens, with the port it was given where the endpoint says 0; before it does, the endpoint. */
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

  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException) => reject(listenError(this.#endpoint, error))
      this.#server.once('error', fail)
      this.#server.listen(parseEndpoint(this.#endpoint), () => {
        this.#server.off('error', fail)
        const { address, port } = this.#server.address() as AddressInfo
        this.#address = formatEndpoint({ host: address, port })
        resolve()
      })
    })
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

/** OpenTelemetry's SDKs give up on what is answered with 408, Node's own answer to a slow client, and try 503 again. */
function answerBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable) return void socket.destroy()
  socket.end(error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? TRY_AGAIN : BAD_REQUEST, () => socket.destroy())
}

function listenError(endpoint: string, cause: NodeJS.ErrnoException): Error {
  if (cause.code !== 'EADDRINUSE')
    return new WeirError('COMPONENT_FAILED', `cannot listen on ${endpoint}: ${cause.message}`, { cause })
  return new WeirError(
    'PORT_IN_USE',
    `cannot listen on ${endpoint}: another process does; end it, or set another endpoint here`,
    { cause }
  )
}
