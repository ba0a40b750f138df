import { setImmediate, setTimeout } from 'node:timers/promises'
import { BATCH_DATAGRAMS, DatagramBatch } from './datagram-batch.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { MAX_FRAME_BYTES } from './framing.ts'
import type { Libc } from './libc.ts'

/** Datagrams of a socket read before others have their turn. */
const READ_AT_ONCE = 256
const POLLIN = 1
const POLL_FD_BYTES = 8
/** A wait ends when a socket is shut down. If it ever did not, a stop would take so long. */
const WAIT_MS = 1000

export interface DatagramEvents {
  /** The datagram is in `bytes` from `start` to `end`, until the call returns. */
  received(bytes: Buffer, start: number, end: number): void
  /** A datagram of more than {@link MAX_FRAME_BYTES}, which UDP has none of. */
  tooLong(): void
  /** The sockets cannot be read any more. */
  failed(error: unknown): void
}

export interface Pace {
  /** Milliseconds after a read in which datagrams gather in the kernel; 0 if it has little room for them. */
  readonly restMs: number
  /** Reads in a row that find nothing, before the kernel is asked to tell of the next datagram. */
  readonly emptyReads: number
}

/**
 * Reads sockets, many datagrams at a time, into memory that is used again. Node's sockets read them one by one, each
 * into new memory, and each time one has come. A wait takes one of libuv's threads.
 */
export class DatagramReader {
  readonly #libc: Libc
  readonly #sockets: readonly DatagramSocket[]
  readonly #pace: Pace
  readonly #events: DatagramEvents
  readonly #batch: DatagramBatch
  readonly #pollFds: Buffer
  readonly #reading: Promise<void>
  #resumed: PromiseWithResolvers<void> | undefined
  #isClosed = false

  constructor(libc: Libc, sockets: readonly DatagramSocket[], pace: Pace, events: DatagramEvents) {
    this.#libc = libc
    this.#sockets = sockets
    this.#pace = pace
    this.#events = events
    this.#batch = new DatagramBatch(libc)
    this.#pollFds = Buffer.alloc(POLL_FD_BYTES * sockets.length)
    for (const [i, { fd }] of sockets.entries()) {
      this.#pollFds.writeInt32LE(fd, i * POLL_FD_BYTES)
      this.#pollFds.writeInt16LE(POLLIN, i * POLL_FD_BYTES + Int32Array.BYTES_PER_ELEMENT)
    }
    this.#reading = this.#read()
  }

  pause(): void {
    this.#resumed ??= Promise.withResolvers()
  }

  resume(): void {
    this.#resumed?.resolve()
    this.#resumed = undefined
  }

  /** Reads what has come, unless it is paused, and closes the sockets. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#resumed?.resolve()
    for (const socket of this.#sockets) socket.shutDown()
    await this.#reading
    for (const socket of this.#sockets) socket.close()
  }

  async #read(): Promise<void> {
    const { restMs, emptyReads } = this.#pace
    try {
      for (let empty = 0; ; ) {
        await this.#resumed?.promise
        const most = this.#readAll()
        if (this.#isClosed) return
        empty = most === 0 ? empty + 1 : 0
        if (empty === emptyReads) {
          await this.#wait()
          empty = 0
        } else if (restMs === 0 || most >= READ_AT_ONCE) await setImmediate()
        else await setTimeout(restMs)
      }
    } catch (error) {
      this.#events.failed(error)
    }
  }

  /** Returns the most datagrams that a socket had. */
  #readAll(): number {
    let most = 0
    for (const { fd } of this.#sockets) most = Math.max(most, this.#readSome(fd))
    return most
  }

  /** Returns the number of datagrams read. Others may be left if it is {@link READ_AT_ONCE}. */
  #readSome(fd: number): number {
    const batch = this.#batch
    let read = 0
    for (let count = BATCH_DATAGRAMS; count === BATCH_DATAGRAMS && read < READ_AT_ONCE; read += count) {
      if (this.#resumed !== undefined) break
      count = batch.read(fd)
      for (let i = 0; i < count; i++) {
        const start = batch.startOf(i)
        const length = batch.lengthOf(i)
        if (length > MAX_FRAME_BYTES) this.#events.tooLong()
        else this.#events.received(batch.bytes, start, start + length)
      }
    }
    return read
  }

  /** Resolves once a datagram has come or a socket was shut down, and at times without either. */
  #wait(): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#libc.poll.async(this.#pollFds, this.#sockets.length, WAIT_MS, (error: Error | null) =>
        error ? reject(error) : resolve()
      )
    )
  }
}
