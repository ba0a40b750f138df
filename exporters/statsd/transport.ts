import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIPv6, type Socket } from 'node:net'
import { parseEndpoint } from '../../core/http/endpoint.ts'
import type { Config } from './config.ts'

const NEWLINE = Buffer.from('\n')

/** A way to a server: made when first needed, and anew after an error. */
export interface Transport {
  /** Resolves once the operating system has the packet. */
  send(packet: Buffer, signal: AbortSignal): Promise<void>
  close(): void
}

export function transportTo({ endpoint, framing }: Config): Transport {
  const [kind, rest] = endpoint.split('://', 2)
  if (kind === 'udp') return new UdpTransport(rest)
  const isPrefixed = framing === 'length_prefix'
  if (kind === 'unix') return new StreamTransport(() => connect(rest), isPrefixed)
  const { host, port } = parseEndpoint(rest)
  return new StreamTransport(() => connect(port, host), isPrefixed)
}

/** A connected socket, which learns of it if nobody listens on the other side. */
class UdpTransport implements Transport {
  readonly #host: string
  readonly #port: number
  #socket: Promise<ReturnType<typeof createSocket>> | undefined

  constructor(endpoint: string) {
    const { host, port } = parseEndpoint(endpoint)
    this.#host = host
    this.#port = port
  }

  async send(packet: Buffer): Promise<void> {
    this.#socket ??= this.#connect()
    try {
      const socket = await this.#socket
      await new Promise<void>((resolve, reject) =>
        socket.send(packet, error => (error === null ? resolve() : reject(error)))
      )
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    void socket?.then(
      opened => opened.close(),
      () => {}
    )
  }

  async #connect() {
    const socket = createSocket(isIPv6(this.#host) ? 'udp6' : 'udp4')
    socket.connect(this.#port, this.#host)
    try {
      await once(socket, 'connect')
    } catch (error) {
      socket.close()
      throw error
    }
    // Errors of later packets come with these.
    socket.on('error', () => {})
    return socket
  }
}

/** TCP or a Unix stream: lines, or packets with their length in front. */
class StreamTransport implements Transport {
  readonly #connect: () => Socket
  readonly #isPrefixed: boolean
  #socket: Socket | undefined

  constructor(connect: () => Socket, isPrefixed: boolean) {
    this.#connect = connect
    this.#isPrefixed = isPrefixed
  }

  async send(packet: Buffer, signal: AbortSignal): Promise<void> {
    const socket = await this.#opened(signal)
    const abort = () => socket.destroy()
    signal.addEventListener('abort', abort, { once: true })
    try {
      await new Promise<void>((resolve, reject) =>
        socket.write(this.#framed(packet), error => (error ? reject(error) : resolve()))
      )
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  close(): void {
    this.#socket?.end()
    this.#socket = undefined
  }

  async #opened(signal: AbortSignal): Promise<Socket> {
    if (this.#socket?.writable) return this.#socket
    const socket = this.#connect()
    this.#socket = socket
    // A server sends nothing; its end is seen only by reading.
    socket.on('error', () => {}).resume()
    try {
      await once(socket, 'connect', { signal })
    } catch (error) {
      socket.destroy()
      throw error
    }
    return socket
  }

  #framed(packet: Buffer): Buffer {
    if (!this.#isPrefixed) return Buffer.concat([packet, NEWLINE])
    const length = Buffer.alloc(4)
    length.writeUInt32LE(packet.length)
    return Buffer.concat([length, packet])
  }
}
