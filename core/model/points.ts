import { type Distribution, numberOf } from './distribution.ts'
import { distributionBytes } from './distribution-bytes.ts'
import type { Series } from './series.ts'

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
  readonly series: readonly Series[]
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

/** Columns of some capacity, in one piece of memory: many small ones would keep the garbage collector busy. */
class Columns {
  readonly capacity: number
  readonly time: Float64Array
  readonly start: Float64Array
  readonly value: Float64Array
  readonly flags: Uint8Array

  constructor(capacity: number) {
    this.capacity = capacity
    const memory = new ArrayBuffer(capacity * 25)
    this.time = new Float64Array(memory, 0, capacity)
    this.start = new Float64Array(memory, capacity * 8, capacity)
    this.value = new Float64Array(memory, capacity * 16, capacity)
    this.flags = new Uint8Array(memory, capacity * 24, capacity)
  }

  grown(): Columns {
    const larger = new Columns(Math.max(INITIAL_CAPACITY, this.capacity * 2))
    larger.time.set(this.time)
    larger.start.set(this.start)
    larger.value.set(this.value)
    larger.flags.set(this.flags)
    return larger
  }
}

/** Grows columns and hands them over. One builder makes one block. */
export class PointBlockBuilder {
  length = 0
  /** Memory that the distributions take, in bytes. */
  distributionBytes = 0
  #series: Series[] = []
  #columns: Columns
  #distributions: Map<number, Distribution> | undefined

  /** @param capacity points expected, if that is known */
  constructor(capacity = INITIAL_CAPACITY) {
    this.#columns = new Columns(capacity)
  }

  /** @param time Unix ms @param start Unix ms or 0 */
  add(series: Series, time: number, value: number, start = 0, flags = 0): void {
    if (this.length === this.#columns.capacity) this.#columns = this.#columns.grown()
    const columns = this.#columns
    const i = this.length++
    this.#series.push(series)
    columns.time[i] = time
    columns.start[i] = start
    columns.value[i] = value
    columns.flags[i] = flags
  }

  addDistribution(series: Series, time: number, distribution: Distribution, start = 0, flags = 0): void {
    this.#distributions ??= new Map()
    this.#distributions.set(this.length, distribution)
    this.distributionBytes += distributionBytes(distribution)
    this.add(series, time, numberOf(distribution), start, flags)
  }

  /** Copies point `i` of `block`. */
  copy(block: PointBlock, i: number): void {
    const distribution = block.distributions.get(i)
    const { series, time, value, start, flags } = block
    if (distribution === undefined) this.add(series[i], time[i], value[i], start[i], flags[i])
    else this.addDistribution(series[i], time[i], distribution, start[i], flags[i])
  }

  build(): PointBlock {
    const { time, start, value, flags } = this.#columns
    return {
      type: 'points',
      length: this.length,
      series: this.#series,
      time: time.subarray(0, this.length),
      start: start.subarray(0, this.length),
      value: value.subarray(0, this.length),
      flags: flags.subarray(0, this.length),
      distributions: this.#distributions ?? NO_DISTRIBUTIONS
    }
  }
}
