import { type Distribution, numberOf } from './distribution.ts'
import { distributionBytes } from './distribution-bytes.ts'
import type { Lease } from './series-table/id-lifetimes.ts'
import { olderLease, SeriesColumn } from './series-table/series-column.ts'
import { type Series, SeriesTable } from './series-table/series-table.ts'

/** OTLP's `DataPointFlags`: the series has ended here; `value` means nothing (Prometheus: a stale marker). */
export const FLAG_NO_RECORDED_VALUE = 1

const INITIAL_CAPACITY = 64

/**
 * Points in columns, all `length` long. Immutable once sent: stages share blocks, and a stage that changes a column
 * makes a new one.
 */
export interface PointBlock {
  readonly type: 'points'
  readonly length: number
  readonly series: SeriesColumn
  /** Unix milliseconds; the fraction keeps microseconds. */
  readonly time: Float64Array
  /** Unix milliseconds; 0 if unknown. */
  readonly start: Float64Array
  /**
   * The number; of a distribution its sum, of a set the number of members, of a sketch of one that of distinct ones.
   */
  readonly value: Float64Array
  readonly flags: Uint8Array
  /** Sparse: index → distribution, for the kinds that are more than a number. */
  readonly distributions: ReadonlyMap<number, Distribution>
}

const NO_DISTRIBUTIONS: ReadonlyMap<number, Distribution> = new Map()
/** Of a block without points. */
const NO_SERIES = new SeriesTable()

/** Columns of some capacity, in one piece of memory: many small ones would keep the garbage collector busy. */
class Columns {
  readonly capacity: number
  readonly time: Float64Array
  readonly start: Float64Array
  readonly value: Float64Array
  readonly ids: Uint32Array
  readonly flags: Uint8Array

  constructor(capacity: number) {
    this.capacity = capacity
    const memory = new ArrayBuffer(capacity * 29)
    this.time = new Float64Array(memory, 0, capacity)
    this.start = new Float64Array(memory, capacity * 8, capacity)
    this.value = new Float64Array(memory, capacity * 16, capacity)
    this.ids = new Uint32Array(memory, capacity * 24, capacity)
    this.flags = new Uint8Array(memory, capacity * 28, capacity)
  }

  grown(): Columns {
    const larger = new Columns(Math.max(INITIAL_CAPACITY, this.capacity * 2))
    larger.time.set(this.time)
    larger.start.set(this.start)
    larger.value.set(this.value)
    larger.ids.set(this.ids)
    larger.flags.set(this.flags)
    return larger
  }
}

const NO_COLUMNS = new Columns(0)

/** Grows columns and hands them over. One builder makes one block, of series of one table. */
export class PointBlockBuilder {
  length = 0
  /** Memory that the distributions take, in bytes. */
  distributionBytes = 0
  #columns: Columns
  #distributions: Map<number, Distribution> | undefined
  #table: SeriesTable | undefined
  /** Of the oldest ids. */
  #lease: Lease | undefined
  /** The block that was copied from last. */
  #source: PointBlock | undefined

  /** @param capacity points expected, if that is known */
  constructor(capacity = INITIAL_CAPACITY) {
    this.#columns = new Columns(capacity)
  }

  /** @param time Unix ms @param start Unix ms or 0 */
  add(series: Series, time: number, value: number, start = 0, flags = 0): void {
    const { table, id } = series
    // The block may be there for longer than the object.
    table.see(id)
    this.addId(table, id, time, value, start, flags)
  }

  addDistribution(series: Series, time: number, distribution: Distribution, start = 0, flags = 0): void {
    const { table, id } = series
    table.see(id)
    this.addIdDistribution(table, id, time, distribution, start, flags)
  }

  /** {@link add} for a series by its id, which was found just now, or is held by a state. */
  addId(table: SeriesTable, id: number, time: number, value: number, start = 0, flags = 0): void {
    if (this.#lease === undefined) this.#begin(table, table.lease)
    this.#push(id, time, value, start, flags)
  }

  /** {@link addDistribution} for a series by its id. */
  addIdDistribution(
    table: SeriesTable,
    id: number,
    time: number,
    distribution: Distribution,
    start = 0,
    flags = 0
  ): void {
    this.#putDistribution(distribution)
    this.addId(table, id, time, numberOf(distribution), start, flags)
  }

  /**
   * Columns with room for at least one more, for points as of {@link addUnnamed}: whoever writes them from {@link length}
   * on adds to that.
   */
  reserve(): Columns {
    if (this.length === this.#columns.capacity) this.#columns = this.#columns.grown()
    return this.#columns
  }

  /** {@link add} for a series that {@link buildWith} will tell. */
  addUnnamed(time: number, value: number, start: number, flags: number): void {
    this.#push(0, time, value, start, flags)
  }

  /** {@link addDistribution} for a series that {@link buildWith} will tell. */
  addUnnamedDistribution(time: number, distribution: Distribution, start: number, flags: number): void {
    this.#putDistribution(distribution)
    this.#push(0, time, numberOf(distribution), start, flags)
  }

  /** Copies point `i` of `block`. */
  copy(block: PointBlock, i: number): void {
    const { series, time, value, start, flags, distributions } = block
    if (block !== this.#source) this.#begin(series.table, series.lease)
    this.#source = block
    const distribution = distributions.size === 0 ? undefined : distributions.get(i)
    if (distribution === undefined) this.#push(series.ids[i], time[i], value[i], start[i], flags[i])
    else this.addIdDistribution(series.table, series.ids[i], time[i], distribution, start[i], flags[i])
  }

  /** {@link build} for points whose series are found together. @param find fills in their ids */
  buildWith(table: SeriesTable, find: (ids: Uint32Array) => void): PointBlock {
    this.#begin(table, table.lease)
    find(this.#columns.ids)
    return this.build()
  }

  /** The block. The builder has nothing of it any more, so that one that is kept does not keep its series. */
  build(): PointBlock {
    const { length } = this
    const { time, start, value, ids, flags } = this.#columns
    const block: PointBlock = {
      type: 'points',
      length,
      series: new SeriesColumn(this.#table ?? NO_SERIES, ids.subarray(0, length), this.#lease),
      time: time.subarray(0, length),
      start: start.subarray(0, length),
      value: value.subarray(0, length),
      flags: flags.subarray(0, length),
      distributions: this.#distributions ?? NO_DISTRIBUTIONS
    }
    this.length = this.distributionBytes = 0
    this.#columns = NO_COLUMNS
    this.#distributions = this.#lease = this.#source = undefined
    return block
  }

  #putDistribution(distribution: Distribution): void {
    this.#distributions ??= new Map()
    this.#distributions.set(this.length, distribution)
    this.distributionBytes += distributionBytes(distribution)
  }

  #begin(table: SeriesTable, lease: Lease): void {
    this.#table = table
    this.#lease = this.#lease === undefined ? lease : olderLease(this.#lease, lease)
  }

  #push(id: number, time: number, value: number, start: number, flags: number): void {
    const columns = this.reserve()
    const i = this.length++
    columns.ids[i] = id
    columns.time[i] = time
    columns.start[i] = start
    columns.value[i] = value
    columns.flags[i] = flags
  }
}
