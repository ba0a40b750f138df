import { once } from 'node:events'
import { extname } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { DatagramEvents } from './datagram-events.ts'
import { newRing, RingReader } from './datagram-ring.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import type { UdpReaderData } from './udp-reader-main.ts'

const MAIN = new URL(`udp-reader-main${extname(import.meta.filename)}`, import.meta.url)
/** Receive buffer from which on datagrams may gather for longer, and both times. One sender sends some 200 KiB a ms. */
const LARGE_BUFFER = 2 ** 21
const LONG_REST_MS = 2
const SHORT_REST_MS = 0.5
/** Between two looks at the ring. */
const REST_MS = 2
/** Looks in a row that find nothing, before the thread is asked to tell of the next datagram. */
const EMPTY_LOOKS = 50
/** Datagrams are taken for so long before others have their turn. */
const TAKE_MS = 5
const TAKEN_AT_ONCE = 32
/** The thread would else have as much for new objects as the main one, of which it makes few. */
const YOUNG_HEAP_MB = 4

/**
 * Reads UDP sockets in a thread, many datagrams at a time. Node.js reads them one by one, and not while its own thread is
 * busy.
 */
export class UdpReader {
  readonly #sockets: readonly DatagramSocket[]
  readonly #events: DatagramEvents
  readonly #ring: RingReader
  readonly #exited: Promise<void>
  readonly #taken: Promise<void>
  #hasExited = false

  private constructor(thread: Worker, ring: RingReader, sockets: readonly DatagramSocket[], events: DatagramEvents) {
    this.#sockets = sockets
    this.#events = events
    this.#ring = ring
    thread.on('error', events.failed)
    this.#exited = new Promise(resolve =>
      thread.once('exit', () => {
        this.#hasExited = true
        ring.wake()
        resolve()
      })
    )
    this.#taken = this.#take().catch(async error => {
      events.failed(error)
      // It would wait for room in the ring.
      await thread.terminate()
    })
  }

  /** Resolves once the sockets are read. @param receiveBuffer of each socket, bytes */
  static async start(
    sockets: readonly DatagramSocket[],
    receiveBuffer: number,
    events: DatagramEvents
  ): Promise<UdpReader> {
    const ring = newRing()
    const restMs = receiveBuffer >= LARGE_BUFFER ? LONG_REST_MS : SHORT_REST_MS
    const workerData: UdpReaderData = { fds: sockets.map(({ fd }) => fd), ring, restMs }
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_HEAP_MB }
    const thread = new Worker(MAIN, { workerData, resourceLimits, name: 'weir-statsd-udp' })
    // Node.js aborts the process if a thread is ended while it loads native code. So nobody goes on before it has.
    await once(thread, 'message')
    return new UdpReader(thread, new RingReader(ring), sockets, events)
  }

  /** Takes what has come, and closes the sockets. */
  async close(): Promise<void> {
    this.#ring.stop()
    for (const socket of this.#sockets) socket.shutDown()
    await Promise.all([this.#exited, this.#taken])
    for (const socket of this.#sockets) socket.close()
  }

  async #take(): Promise<void> {
    for (let empty = 0; ; ) {
      const isLast = this.#hasExited
      const taken = this.#takeSome()
      if (isLast && taken !== 'some') return
      empty = taken === 'none' ? empty + 1 : 0
      if (taken === 'some') await setImmediate()
      else if (empty < EMPTY_LOOKS) await setTimeout(REST_MS)
      else {
        await this.#ring.wait()
        empty = 0
      }
    }
  }

  #takeSome(): 'none' | 'some' | 'all' {
    const end = performance.now() + TAKE_MS
    let all = 0
    for (;;) {
      const taken = this.#ring.take(this.#events.received, TAKEN_AT_ONCE)
      all += taken
      if (taken < TAKEN_AT_ONCE) return all === 0 ? 'none' : 'all'
      if (performance.now() > end) return 'some'
    }
  }
}
