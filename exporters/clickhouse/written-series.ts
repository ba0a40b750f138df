import { hash } from 'node:crypto'
import { findAttribute } from '../../core/model/attributes.ts'
import type { Series } from '../../core/model/series-table/series-table.ts'

const INITIAL_CAPACITY = 1024
const NEVER = -1
/** Says how long the intervals are that a point was rolled up to, such as `1m`. */
const TIER_ATTRIBUTE = 'rollup'

/**
 * Facts about each series, by its dense id: its 64-bit hash, its tier, and the day up to which its row is in the series
 * table. It holds keys, not series, and ids are reused, so it is as large as the most series that ever lived at once.
 */
export class WrittenSeries {
  #keys: string[] = []
  /** Low and high word of each hash. */
  #words = new Uint32Array(2 * INITIAL_CAPACITY)
  #writtenDay = new Int32Array(INITIAL_CAPACITY)
  #tier = new Uint16Array(INITIAL_CAPACITY)
  #tierNumbers: ReadonlyMap<string, number>

  /** @param tiers values of the attribute `rollup` that have tables of their own */
  constructor(tiers: Iterable<string>) {
    this.#tierNumbers = new Map(Array.from(tiers, (tier, i) => [tier, i + 1]))
  }

  /** The index of its tier among the tiers, from 1; 0 if it belongs to none. */
  tierOf(series: Series): number {
    const { id } = series
    if (this.#keys[id] !== series.key) this.#add(series)
    return this.#tier[id]
  }

  /** Writes the hash of `series` to `words[2 * row]` and the one after. */
  hashInto(series: Series, words: Uint32Array, row: number): void {
    const { id } = series
    if (this.#keys[id] !== series.key) this.#add(series)
    words[2 * row] = this.#words[2 * id]
    words[2 * row + 1] = this.#words[2 * id + 1]
  }

  /** True if its row is as young as `day` (days since 1970). */
  isWritten({ id, key }: Series, day: number): boolean {
    return this.#keys[id] === key && this.#writtenDay[id] >= day
  }

  markWritten(series: Series, day: number): void {
    if (this.#keys[series.id] === series.key) this.#writtenDay[series.id] = day
  }

  reset(): void {
    this.#writtenDay.fill(NEVER)
  }

  #add({ id, key, attributes }: Series): void {
    while (id >= this.#writtenDay.length) this.#grow()
    const digest = seriesHash(key)
    this.#keys[id] = key
    this.#words[2 * id] = digest.readUInt32LE(0)
    this.#words[2 * id + 1] = digest.readUInt32LE(4)
    this.#writtenDay[id] = NEVER
    const tier = findAttribute(attributes, TIER_ATTRIBUTE)
    this.#tier[id] = typeof tier === 'string' ? (this.#tierNumbers.get(tier) ?? 0) : 0
  }

  #grow(): void {
    const words = new Uint32Array(this.#words.length * 2)
    words.set(this.#words)
    this.#words = words
    const days = new Int32Array(this.#writtenDay.length * 2)
    days.set(this.#writtenDay)
    this.#writtenDay = days
    const tiers = new Uint16Array(this.#tier.length * 2)
    tiers.set(this.#tier)
    this.#tier = tiers
  }
}

/** `series_id`: the first 8 bytes of the key's SHA-256, little-endian. The same in every process and version. */
export function seriesHash(key: string): Buffer {
  return hash('sha256', key, 'buffer').subarray(0, 8)
}
