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
/** Before a thread that ended is started anew. */
const RESTART_MS = 100
const ENDED = new Error('the thread that reads its sockets ended')
/** The thread would else have as much for new objects as the main one, of which it makes few. */
const YOUNG_HEAP_MB = 4

/**
 * Reads UDP sockets in a thread, many datagrams at a time. Node.js reads them one by one, and not while its own thread is
 * busy. A thread that ends by itself is started anew: datagrams wait in the kernel, and those in the ring are taken.
 */
export class UdpReader {
  readonly #sockets: readonly DatagramSocket[]
  readonly #events: DatagramEvents
  readonly #data: UdpReaderData
  readonly #ring: RingReader
  readonly #exited = Promise.withResolvers<void>()
  readonly #taken: Promise<void>
  #thread: Worker
  #isStopped = false
  #hasExited = false

  private constructor(thread: Worker, data: UdpReaderData, sockets: readonly DatagramSocket[], events: DatagramEvents) {
    this.#sockets = sockets
    this.#events = events
    this.#data = data
    this.#ring = new RingReader(data.ring)
    this.#thread = this.#watched(thread)
    this.#taken = this.#take().catch(async error => {
      this.#isStopped = true
      events.failed(error)
      // It would wait for room in the ring.
      await this.#thread.terminate()
    })
  }

  /** Resolves once the sockets are read. @param receiveBuffer of each socket, bytes */
  static async start(
    sockets: readonly DatagramSocket[],
    receiveBuffer: number,
    events: DatagramEvents
  ): Promise<UdpReader> {
    const restMs = receiveBuffer >= LARGE_BUFFER ? LONG_REST_MS : SHORT_REST_MS
    const data: UdpReaderData = { fds: sockets.map(({ fd }) => fd), ring: newRing(), restMs }
    return new UdpReader(await startThread(data), data, sockets, events)
  }

  /** Takes what has come, and closes the sockets. */
  async close(): Promise<void> {
    this.#isStopped = true
    this.#ring.stop()
    for (const socket of this.#sockets) socket.shutDown()
    await Promise.all([this.#exited.promise, this.#taken])
    for (const socket of this.#sockets) socket.close()
  }

  #watched(thread: Worker): Worker {
    let reason: unknown = ENDED
    thread.on('error', error => {
      reason = error
    })
    return thread.once('exit', () => void this.#ended(reason))
  }

  async #ended(reason: unknown): Promise<void> {
    for (let why = reason; !this.#isStopped; ) {
      this.#events.failed(why)
      await setTimeout(RESTART_MS)
      if (this.#isStopped) break
      try {
        this.#thread = this.#watched(await startThread(this.#data))
        return this.#events.resumed()
      } catch (error) {
        why = error
      }
    }
    this.#hasExited = true
    this.#ring.wake()
    this.#exited.resolve()
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

async function startThread(workerData: UdpReaderData): Promise<Worker> {
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_HEAP_MB }
  const thread = new Worker(MAIN, { workerData, resourceLimits, name: 'weir-statsd-udp' })
  const isStarted = new AbortController()
  const exited = once(thread, 'exit', isStarted).then(() => {
    throw ENDED
  })
  try {
    // Node.js aborts the process if a thread is ended while it loads native code. So nobody goes on before it has.
    await Promise.race([once(thread, 'message'), exited])
  } finally {
    exited.catch(() => {})
    isStarted.abort()
  }
  return thread
}
