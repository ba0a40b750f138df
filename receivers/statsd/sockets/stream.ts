import { type AddressInfo, createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import { Handshakes } from '../../../core/http/handshakes.ts'
import { nodeTls } from '../../../core/http/node-modules.ts'
import type { ServerCertificate } from '../../../core/http/tls.ts'
import type { Context } from '../../../sdk/plugin/index.ts'
import type { Refusal } from '../refusal.ts'
import { formatAddress, type StreamAddress } from './address.ts'
import { Framing } from './framing.ts'
import type { Listener, Pausable } from './listener.ts'
import { removeAbandoned } from './socket-file.ts'

const CHECKS_PER_TIMEOUT = 4
/** Time for a TLS handshake. Until it is over a client has proven nothing. */
const HANDSHAKE_MS = 10_000

export interface StreamOptions {
  readonly max_connections: number
  /** Milliseconds. */
  readonly idle_timeout: number
}

/** Told of the bytes of connections and of their ends. */
export interface StreamEvents {
  lines(lines: Buffer): void
  refused(reason: Refusal): void
  connectionRefused(): void
  connectionTimedOut(): void
  handshakeFailed(error: Error): void
}

interface Connection {
  readonly framing: Framing
  /** Unix ms of the last bytes. */
  readAt: number
}

/** A server of TCP, maybe with TLS, or of a Unix stream socket. */
export class StreamListener implements Listener, Pausable {
  readonly #options: StreamOptions
  readonly #context: Context
  readonly #events: StreamEvents
  readonly #certificate: ServerCertificate | undefined
  readonly #server: Server | TlsServer
  readonly #handshakes: Handshakes | undefined
  readonly #connections = new Map<Socket, Connection>()
  /** Connections, those in their handshake too. */
  #open = 0
  #address: StreamAddress
  #isPaused = false
  #isClosed = false
  #cancelIdleCheck = () => {}
  #stopWatching = () => {}

  /** @param certificate for TLS; without it the bytes are plain */
  constructor(
    address: StreamAddress,
    options: StreamOptions,
    context: Context,
    events: StreamEvents,
    certificate?: ServerCertificate
  ) {
    this.#address = address
    this.#options = options
    this.#context = context
    this.#events = events
    this.#certificate = certificate
    this.#server = certificate === undefined ? createServer() : tlsServer(certificate, events)
    this.#handshakes = certificate && new Handshakes(this.#server)
    this.#server.on('connection', socket => this.#admit(socket))
    this.#server.on(certificate === undefined ? 'connection' : 'secureConnection', socket => this.#accept(socket))
  }

  get address(): string {
    return formatAddress(this.#address)
  }

  get example(): string {
    if (this.#address.transport === 'unix')
      return `echo 'page.views:1|c|#page:home' | socat - UNIX-CONNECT:${this.#address.path}`
    const { host, port } = this.#address.endpoint
    if (this.#certificate !== undefined)
      return `echo 'page.views:1|c|#page:home' | openssl s_client -quiet -connect ${host}:${port}`
    return `bash -c "echo 'page.views:1|c|#page:home' > /dev/tcp/${host}/${port}"`
  }

  async start(): Promise<void> {
    const address = this.#address
    try {
      if (address.transport === 'unix') await removeAbandoned(address.path)
      await listening(this.#server, address.transport === 'unix' ? { path: address.path } : { ...address.endpoint })
    } catch (cause) {
      const advice = 'is another program there, or the address not of this machine?'
      throw new Error(`statsd cannot listen on ${this.address}: ${advice}`, { cause })
    }
    this.#server.on('error', error => this.#context.status('failed', `${this.address}: ${error.message}`))
    this.#stopWatching =
      this.#certificate?.watch(secrets => (this.#server as TlsServer).setSecureContext(secrets)) ?? this.#stopWatching
    if (address.transport !== 'unix') {
      const { address: host, port } = this.#server.address() as AddressInfo
      this.#address = { transport: address.transport, endpoint: { host, port } }
    }
    this.#scheduleIdleCheck()
  }

  async stop(): Promise<void> {
    this.#isClosed = true
    this.#cancelIdleCheck()
    this.#stopWatching()
    this.#handshakes?.end()
    for (const socket of this.#connections.keys()) socket.destroy()
    if (this.#server.listening) await new Promise(resolve => this.#server.close(resolve))
  }

  /** Reads no connection until {@link resume}: their senders have to wait. */
  pause(): void {
    this.#isPaused = true
    for (const socket of this.#connections.keys()) socket.pause()
  }

  resume(): void {
    this.#isPaused = false
    for (const [socket, connection] of this.#connections) {
      connection.readAt = this.#context.clock.now()
      socket.resume()
    }
  }

  #admit(socket: Socket): void {
    if (this.#open >= this.#options.max_connections) {
      this.#events.connectionRefused()
      return void socket.destroy()
    }
    this.#open++
    socket.once('close', () => this.#open--)
  }

  #accept(socket: Socket): void {
    if (socket.destroyed) return
    const { lines, refused } = this.#events
    const connection = { framing: new Framing(lines, refused), readAt: this.#context.clock.now() }
    this.#connections.set(socket, connection)
    let isEnded = false
    socket.on('data', chunk => this.#read(socket, connection, chunk as Buffer))
    socket.on('end', () => (isEnded = true))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#connections.delete(socket)
      connection.framing.end(isEnded)
    })
    if (this.#isPaused) socket.pause()
  }

  #read(socket: Socket, connection: Connection, chunk: Buffer): void {
    if (this.#isClosed) return
    connection.readAt = this.#context.clock.now()
    if (!connection.framing.push(chunk)) socket.destroy()
  }

  #scheduleIdleCheck(): void {
    const { idle_timeout } = this.#options
    const { clock } = this.#context
    this.#cancelIdleCheck = clock.setTimer(idle_timeout / CHECKS_PER_TIMEOUT, () => {
      // Connections that are not read are not idle.
      if (!this.#isPaused)
        for (const [socket, { readAt }] of this.#connections) {
          if (clock.now() - readAt < idle_timeout) continue
          this.#events.connectionTimedOut()
          socket.destroy()
        }
      this.#scheduleIdleCheck()
    })
  }
}

function tlsServer(certificate: ServerCertificate, events: StreamEvents): TlsServer {
  const server = nodeTls().createServer({ ...certificate.options, handshakeTimeout: HANDSHAKE_MS })
  return server.on('tlsClientError', (error, socket) => {
    events.handshakeFailed(error)
    socket.destroy()
  })
}

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
