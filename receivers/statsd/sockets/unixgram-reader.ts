import { setImmediate } from 'node:timers/promises'
import { BATCH_DATAGRAMS, DatagramBatch } from './datagram-batch.ts'
import type { DatagramEvents } from './datagram-events.ts'
import type { DatagramSocket } from './datagram-socket.ts'
import { MAX_FRAME_BYTES } from './framing.ts'
import type { Libc } from './libc.ts'
import { PollSet } from './poll-set.ts'

/** Datagrams read before others have their turn. */
const READ_AT_ONCE = 256
/** A wait ends when the socket is shut down. If it ever did not, a stop would take so long. */
const WAIT_MS = 1000

/** Reads a Unix datagram socket. A wait takes one of libuv's threads. */
export class UnixgramReader {
  readonly #socket: DatagramSocket
  readonly #events: DatagramEvents
  readonly #batch: DatagramBatch
  readonly #polls: PollSet
  readonly #reading: Promise<void>
  #resumed: PromiseWithResolvers<void> | undefined
  #isClosed = false

  constructor(libc: Libc, socket: DatagramSocket, events: DatagramEvents) {
    this.#socket = socket
    this.#events = events
    this.#batch = new DatagramBatch(libc)
    this.#polls = new PollSet(libc, [socket.fd])
    this.#reading = this.#read().catch(events.failed)
  }

  pause(): void {
    this.#resumed ??= Promise.withResolvers()
  }

  resume(): void {
    this.#resumed?.resolve()
    this.#resumed = undefined
  }

  /** Closes the socket too. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.resume()
    this.#socket.shutDown()
    await this.#reading
    this.#socket.close()
  }

  async #read(): Promise<void> {
    while (!this.#isClosed) {
      await this.#resumed?.promise
      if (this.#readSome()) await setImmediate()
      else await this.#polls.wait(WAIT_MS)
    }
  }

  /** Returns whether others may be left. */
  #readSome(): boolean {
    for (let read = 0; read < READ_AT_ONCE; ) {
      if (this.#resumed !== undefined || this.#isClosed) return true
      const count = this.#batch.read(this.#socket.fd)
      for (let i = 0; i < count; i++) this.#handOn(this.#batch.startOf(i), this.#batch.lengthOf(i))
      if (count < BATCH_DATAGRAMS) return false
      read += count
    }
    return true
  }

  #handOn(start: number, length: number): void {
    if (length > MAX_FRAME_BYTES) this.#events.tooLong()
    else this.#events.received(this.#batch.bytes, start, start + length)
  }
}
