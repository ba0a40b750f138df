/** Counts the credits of a pool that are in use, in bytes. */
export interface CreditMeter {
  readonly used: number
  /** True if other threads use the same credits. */
  readonly isShared: boolean
  /**
   * Counts `bytes` more, if they fit into `capacity`, or if nothing but `held` is in use. Returns false, and counts
   * nothing, if not.
   */
  take(bytes: number, capacity: number, held: number): boolean
  give(bytes: number): void
}

export class LocalMeter implements CreditMeter {
  readonly isShared = false
  used = 0

  take(bytes: number, capacity: number, held: number): boolean {
    if (this.used + bytes > capacity && this.used > held) return false
    this.used += bytes
    return true
  }

  give(bytes: number): void {
    this.used -= bytes
  }
}

/** Place of the sum of all threads. */
const TOTAL = 0

/** The meter of one thread, over memory that is shared: the sum, and the part of each thread, by its number. */
export class SharedMeter implements CreditMeter {
  readonly isShared = true
  readonly #cells: BigInt64Array
  readonly #own: number

  /** @param thread its number, from 0 */
  constructor(memory: SharedArrayBuffer, thread: number) {
    this.#cells = new BigInt64Array(memory)
    this.#own = TOTAL + 1 + thread
  }

  static memoryFor(threads: number): SharedArrayBuffer {
    return new SharedArrayBuffer((threads + 1) * BigInt64Array.BYTES_PER_ELEMENT)
  }

  get used(): number {
    return Number(Atomics.load(this.#cells, TOTAL))
  }

  take(bytes: number, capacity: number, held: number): boolean {
    const cells = this.#cells
    for (let before = Atomics.load(cells, TOTAL); ; ) {
      const used = Number(before)
      if (used + bytes > capacity && used > held) return false
      const seen = Atomics.compareExchange(cells, TOTAL, before, before + BigInt(bytes))
      if (seen === before) break
      before = seen
    }
    Atomics.add(cells, this.#own, BigInt(bytes))
    return true
  }

  give(bytes: number): void {
    Atomics.sub(this.#cells, TOTAL, BigInt(bytes))
    Atomics.sub(this.#cells, this.#own, BigInt(bytes))
  }

  /** Gives back all that the thread had, which has ended. */
  giveAll(): void {
    this.give(Number(Atomics.load(this.#cells, this.#own)))
  }
}
