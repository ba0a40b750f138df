import { createSocket, type Socket } from 'node:dgram'
import { isIP } from 'node:net'
import { type Endpoint, formatEndpoint } from '../../../core/http/endpoint.ts'
import type { Context } from '../../../sdk/plugin/index.ts'
import { kernelDrops } from './kernel-drops.ts'
import type { Listener } from './listener.ts'

const KERNEL_DROPS_INTERVAL_MS = 10_000

export interface UdpOptions {
  /** Bytes. */
  readonly receive_buffer: number
  /** More than one share the port, and the kernel spreads senders over them. */
  readonly udp_sockets: number
}

/** UDP sockets on one address. They count the datagrams that the kernel threw away. */
export class UdpListener implements Listener {
  readonly #options: UdpOptions
  readonly #context: Context
  readonly #receive: (datagram: Buffer) => void
  readonly #countDrops: (datagrams: number) => void
  #endpoint: Endpoint
  #sockets: Socket[] = []
  #cancelDropCheck = () => {}
  #kernelDrops = 0
  #stopped = false

  constructor(
    endpoint: Endpoint,
    options: UdpOptions,
    context: Context,
    receive: (datagram: Buffer) => void,
    countDrops: (datagrams: number) => void
  ) {
    this.#endpoint = endpoint
    this.#options = options
    this.#context = context
    this.#receive = receive
    this.#countDrops = countDrops
  }

  get address(): string {
    return `udp://${formatEndpoint(this.#endpoint)}`
  }

  get example(): string {
    const { host, port } = this.#endpoint
    // bash sends datagrams by itself; not every machine has nc.
    return `bash -c "echo -n 'page.views:1|c|#page:home' > /dev/udp/${host}/${port}"`
  }

  /** The smallest receive buffer of its sockets, in bytes, as the kernel gave it; Infinity without sockets. */
  get receiveBuffer(): number {
    return Math.min(...this.#sockets.map(socket => socket.getRecvBufferSize()))
  }

  async start(): Promise<void> {
    const { address } = this
    try {
      await this.#bindAll()
    } catch (cause) {
      const advice = 'is another program there, or the address not of this machine?'
      throw new Error(`statsd cannot listen on ${address}: ${advice}`, { cause })
    }
    for (const socket of this.#sockets) {
      socket.on('message', this.#receive)
      socket.on('error', error => this.#context.status('failed', `${this.address}: ${error.message}`))
    }
    this.#warnOfBuffer()
    this.#scheduleDropCheck()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelDropCheck()
    const sockets = this.#sockets
    this.#sockets = []
    await Promise.all(sockets.map(closed))
  }

  async #bindAll(): Promise<void> {
    const { receive_buffer, udp_sockets } = this.#options
    const isShared = udp_sockets > 1
    // A socket that shares its port would share that of another program without a word. One that does not finds out.
    const first = await bound(this.#endpoint, receive_buffer, false)
    const { address: host, port } = first.address()
    this.#endpoint = { host, port }
    if (isShared) await closed(first)
    else this.#sockets.push(first)
    while (this.#sockets.length < udp_sockets) this.#sockets.push(await bound(this.#endpoint, receive_buffer, true))
  }

  #warnOfBuffer(): void {
    const { receive_buffer: wanted } = this.#options
    const bytes = this.receiveBuffer
    if (bytes >= wanted) return
    this.#context.log.warn(
      { wanted, bytes },
      `the kernel allows a smaller receive buffer than receive_buffer asks for, and drops datagrams sooner: sysctl -w net.core.rmem_max=${wanted}`
    )
  }

  #scheduleDropCheck(): void {
    this.#cancelDropCheck = this.#context.clock.setTimer(KERNEL_DROPS_INTERVAL_MS, async () => {
      const drops = (await kernelDrops(this.#endpoint)) - this.#kernelDrops
      if (this.#stopped) return
      if (drops > 0) {
        this.#kernelDrops += drops
        this.#countDrops(drops)
        this.#context.log.warn(
          { datagrams: drops, address: this.address },
          'the kernel dropped datagrams: raise receive_buffer, or let clients pack lines'
        )
      }
      this.#scheduleDropCheck()
    })
  }
}

async function bound({ host, port }: Endpoint, recvBufferSize: number, reusePort: boolean): Promise<Socket> {
  const socket = createSocket({ type: isIP(host) === 6 ? 'udp6' : 'udp4', recvBufferSize, reusePort })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.bind(port, host, () => {
      socket.off('error', reject)
      resolve()
    })
  })
  return socket
}

const closed = (socket: Socket) => new Promise<void>(resolve => socket.close(() => resolve()))
