import { type Endpoint, formatEndpoint } from '../../../core/http/endpoint.ts'
import { type Context, describeError } from '../../../sdk/plugin/index.ts'
import type { DatagramEvents, DatagramSink } from './datagram-events.ts'
import { kernelDrops } from './kernel-drops.ts'
import { loadLibc } from './libc.ts'
import type { Listener } from './listener.ts'
import { openUdpSockets, type UdpSockets } from './udp-sockets.ts'

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
  readonly #events: DatagramEvents
  readonly #countDrops: (datagrams: number) => void
  #endpoint: Endpoint
  #sockets: UdpSockets | undefined
  #cancelDropCheck = () => {}
  #kernelDrops = 0
  #stopped = false

  constructor(
    endpoint: Endpoint,
    options: UdpOptions,
    context: Context,
    events: DatagramSink,
    countDrops: (datagrams: number) => void
  ) {
    this.#endpoint = endpoint
    this.#options = options
    this.#context = context
    const failed = (error: unknown) => context.status('failed', `${this.address}: ${describeError(error)}`)
    this.#events = { ...events, failed, resumed: () => context.status('ok') }
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
    return this.#sockets?.receiveBuffer ?? Number.POSITIVE_INFINITY
  }

  async start(): Promise<void> {
    const { address } = this
    try {
      await this.#open()
    } catch (cause) {
      const advice = 'is another program there, or the address not of this machine?'
      throw new Error(`statsd cannot listen on ${address}: ${advice}`, { cause })
    }
    this.#warnOfBuffer()
    this.#scheduleDropCheck()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancelDropCheck()
    const sockets = this.#sockets
    this.#sockets = undefined
    await sockets?.close()
  }

  async #open(): Promise<void> {
    const options = { count: this.#options.udp_sockets, receiveBuffer: this.#options.receive_buffer }
    const libc = process.platform === 'linux' ? await loadLibc().catch(() => undefined) : undefined
    this.#sockets = await openUdpSockets(this.#endpoint, options, this.#events, libc)
    this.#endpoint = this.#sockets.endpoint
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
