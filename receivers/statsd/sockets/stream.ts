import { lstat, unlink } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type ListenOptions, type Server, type Socket } from 'node:net'
import type { Context } from '../../../sdk/plugin/index.ts'
import type { Refusal } from '../refusal.ts'
import { type Address, formatAddress } from './address.ts'
import { Framing } from './framing.ts'
import type { Listener } from './listener.ts'

const CHECKS_PER_TIMEOUT = 4

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
}

interface Connection {
  readonly framing: Framing
  /** Unix ms of the last bytes. */
  readAt: number
}

/** A server of TCP or of a Unix stream socket. */
export class StreamListener implements Listener {
  readonly #options: StreamOptions
  readonly #context: Context
  readonly #events: StreamEvents
  readonly #server: Server
  readonly #connections = new Map<Socket, Connection>()
  #address: Address
  #isPaused = false
  #isClosed = false
  #cancelIdleCheck = () => {}

  constructor(address: Address, options: StreamOptions, context: Context, events: StreamEvents) {
    this.#address = address
    this.#options = options
    this.#context = context
    this.#events = events
    this.#server = createServer(socket => this.#accept(socket))
  }

  get address(): string {
    return formatAddress(this.#address)
  }

  get example(): string {
    if (this.#address.transport === 'unix')
      return `echo 'page.views:1|c|#page:home' | socat - UNIX-CONNECT:${this.#address.path}`
    const { host, port } = this.#address.endpoint
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
    if (address.transport !== 'unix') {
      const { address: host, port } = this.#server.address() as AddressInfo
      this.#address = { transport: address.transport, endpoint: { host, port } }
    }
    this.#scheduleIdleCheck()
  }

  async stop(): Promise<void> {
    this.#isClosed = true
    this.#cancelIdleCheck()
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

  #accept(socket: Socket): void {
    if (this.#connections.size >= this.#options.max_connections) {
      this.#events.connectionRefused()
      socket.destroy()
      return
    }
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

function listening(server: Server, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Removes the socket of a program that was killed. One that somebody answers on stays, and so do other files. */
async function removeAbandoned(path: string): Promise<void> {
  const status = await lstat(path).catch(() => undefined)
  if (status?.isSocket() && !(await isAnswered(path))) await unlink(path)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket
      .on('connect', () => finish(true))
      .on('error', error => finish((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED'))
  })
}
