import { hash } from 'node:crypto'
import { findAttribute } from '../../core/model/attributes.ts'
import { IdColumn, PagedColumn } from '../../core/model/series-table/id-column.ts'
import type { SeriesColumn } from '../../core/model/series-table/series-column.ts'
import type { SeriesTable } from '../../core/model/series-table/series-table.ts'

/** Before all days. */
const NEVER = -(2 ** 31)
/** Says how long the intervals are that a point was rolled up to, such as `1m`. */
export const TIER_ATTRIBUTE = 'rollup'

/** Columns by the ids of series. */
interface Columns {
  /** 1 and the tier; 0 if nothing is known of the series. */
  readonly tiers: IdColumn
  /** The words of each hash. */
  readonly low: IdColumn
  readonly high: IdColumn
  readonly writtenDay: PagedColumn<Int32Array>
}

/**
 * Facts about each series: its 64-bit hash, its tier, and the day up to which its row is in the series table of the
 * database. They go with the series.
 */
export class WrittenSeries {
  #table: SeriesTable | undefined
  #columns: Columns = noColumns()
  #tierNumbers: ReadonlyMap<string, number>

  /** @param tiers values of the attribute `rollup` that have tables of their own */
  constructor(tiers: Iterable<string>) {
    this.#tierNumbers = new Map(Array.from(tiers, (tier, i) => [tier, i + 1]))
  }

  /** The index of the tier of point `i` among the tiers, from 1; 0 if it belongs to none. */
  tierOf(series: SeriesColumn, i: number): number {
    if (this.#table !== series.table) this.#attach(series.table)
    const known = this.#columns.tiers.get(series.ids[i])
    return (known === 0 ? this.#add(series, i) : known) - 1
  }

  /** Writes the hash of the series of point `i` to `words[2 * row]` and the one after. */
  hashInto(series: SeriesColumn, i: number, words: Uint32Array, row: number): void {
    this.tierOf(series, i)
    const { low, high } = this.#columns
    words[2 * row] = low.get(series.ids[i])
    words[2 * row + 1] = high.get(series.ids[i])
  }

  /** True if the row of the series of point `i` is as young as `day` (days since 1970). */
  isWritten(series: SeriesColumn, i: number, day: number): boolean {
    if (this.#table !== series.table) this.#attach(series.table)
    return this.#columns.writtenDay.get(series.ids[i]) >= day
  }

  markWritten(series: SeriesColumn, i: number, day: number): void {
    this.#columns.writtenDay.set(series.ids[i], day)
  }

  reset(): void {
    this.#columns.writtenDay.reset()
  }

  #attach(table: SeriesTable): void {
    this.#table = table
    this.#columns = noColumns()
    for (const column of Object.values(this.#columns)) table.addColumn(column)
  }

  #add(series: SeriesColumn, i: number): number {
    const { key, attributes } = series.read(i)
    const { tiers, low, high } = this.#columns
    const id = series.ids[i]
    const digest = seriesHash(key)
    low.set(id, digest.readUInt32LE(0))
    high.set(id, digest.readUInt32LE(4))
    const tier = findAttribute(attributes, TIER_ATTRIBUTE)
    const number = typeof tier === 'string' ? (this.#tierNumbers.get(tier) ?? 0) : 0
    tiers.set(id, number + 1)
    return number + 1
  }
}

const noColumns = (): Columns => ({
  tiers: new IdColumn(),
  low: new IdColumn(),
  high: new IdColumn(),
  writtenDay: new PagedColumn(Int32Array, NEVER)
})

/** `series_id`: the first 8 bytes of the key's SHA-256, little-endian. The same in every process and version. */
export function seriesHash(key: string): Buffer {
  return hash('sha256', key, 'buffer').subarray(0, 8)
}
