import { WeirError } from '../../errors.ts'

/** Most tenants of a process. */
export const MOST_TENANTS = 4096
/** A tenant's name has 150 bytes at most. */
const NAME_BYTES = 152
const FREE = 0
const BEING_NAMED = 1
const NAMED = 2

/** Cells of a tenant. Then one for each thread: its active series. */
const COUNTERS = { samples: 0, bytes: 1, refused: 2, limited: 3, arrival: 4 } as const
export type TenantCounter = Exclude<keyof typeof COUNTERS, 'arrival'>
const SERIES = Object.keys(COUNTERS).length
const CELL = BigInt64Array.BYTES_PER_ELEMENT
const STATE = Int32Array.BYTES_PER_ELEMENT

const sizeOf = (threads: number) => (SERIES + threads) * CELL + NAME_BYTES + STATE

/**
 * Figures of all tenants in memory that threads share, so that a limit holds for all of them together. A tenant gets a
 * slot when a thread first names it, and keeps it.
 */
export class TenantMeters {
  readonly memory: SharedArrayBuffer
  readonly #threads: number
  readonly #thread: number
  readonly #cells: BigInt64Array
  readonly #names: Uint8Array
  readonly #states: Int32Array

  /** @param thread number of this one, from 0 */
  constructor(threads: number, thread: number, memory = new SharedArrayBuffer(MOST_TENANTS * sizeOf(threads))) {
    const cells = MOST_TENANTS * (SERIES + threads)
    this.memory = memory
    this.#threads = threads
    this.#thread = thread
    this.#cells = new BigInt64Array(memory, 0, cells)
    this.#names = new Uint8Array(memory, cells * CELL, MOST_TENANTS * NAME_BYTES)
    this.#states = new Int32Array(memory, cells * CELL + this.#names.length, MOST_TENANTS)
  }

  /** The slot of a tenant. Throws `QUEUE_FULL` if there are too many tenants. */
  slotOf(name: string): number {
    const bytes = Buffer.from(name)
    let slot = bytes.reduce((hash, byte) => (hash * 31 + byte) >>> 0, 7) % MOST_TENANTS
    for (let tried = 0; tried < MOST_TENANTS; tried++, slot = (slot + 1) % MOST_TENANTS)
      if (this.#claim(slot, bytes)) return slot
    throw new WeirError('QUEUE_FULL', `there are ${MOST_TENANTS} tenants, and no room for "${name}"`)
  }

  /** All tenants named so far, by slot. */
  get names(): Map<number, string> {
    const names = new Map<number, string>()
    for (let slot = 0; slot < MOST_TENANTS; slot++)
      if (Atomics.load(this.#states, slot) === NAMED) names.set(slot, this.#nameAt(slot).toString())
    return names
  }

  add(slot: number, counter: TenantCounter, amount: number): void {
    Atomics.add(this.#cells, this.#cell(slot, COUNTERS[counter]), BigInt(amount))
  }

  read(slot: number, counter: TenantCounter): number {
    return Number(Atomics.load(this.#cells, this.#cell(slot, COUNTERS[counter])))
  }

  /** Threads may have the same series: the most that one of them has. */
  seriesOf(slot: number): number {
    let most = 0
    for (let thread = 0; thread < this.#threads; thread++)
      most = Math.max(most, Number(Atomics.load(this.#cells, this.#cell(slot, SERIES + thread))))
    return most
  }

  setSeries(slot: number, series: number): void {
    Atomics.store(this.#cells, this.#cell(slot, SERIES + this.#thread), BigInt(series))
  }

  /**
   * The generic cell rate algorithm: one number says when the tenant would be back at its rate. Returns it in µs.
   * @param costUs time that the samples take at the tenant's rate
   */
  arrive(slot: number, nowUs: number, costUs: number): number {
    const at = this.#cell(slot, COUNTERS.arrival)
    for (let before = Atomics.load(this.#cells, at); ; ) {
      const next = BigInt(Math.round(Math.max(Number(before), nowUs) + costUs))
      const seen = Atomics.compareExchange(this.#cells, at, before, next)
      if (seen === before) return Number(next)
      before = seen
    }
  }

  #cell(slot: number, column: number): number {
    return slot * (SERIES + this.#threads) + column
  }

  #nameAt(slot: number): Buffer {
    const start = slot * NAME_BYTES
    // A copy: texts are not decoded from shared memory.
    return Buffer.from(this.#names.subarray(start + 1, start + 1 + this.#names[start]))
  }

  #claim(slot: number, name: Buffer): boolean {
    const states = this.#states
    if (Atomics.compareExchange(states, slot, FREE, BEING_NAMED) === FREE) {
      const start = slot * NAME_BYTES
      this.#names[start] = name.length
      this.#names.set(name, start + 1)
      Atomics.store(states, slot, NAMED)
      return true
    }
    // Another thread writes these few bytes right now.
    while (Atomics.load(states, slot) === BEING_NAMED);
    return this.#nameAt(slot).equals(name)
  }
}
