import type { Distribution } from './distribution.ts'
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
  /** Unix milliseconds; 0 where unknown. */
  readonly start: Float64Array
  /** The number; of a distribution its sum, of a set the number of members. */
  readonly value: Float64Array
  readonly flags: Uint8Array
  /** Sparse: index → distribution, for the kinds that are more than a number. */
  readonly distributions: ReadonlyMap<number, Distribution>
}

const NO_DISTRIBUTIONS: ReadonlyMap<number, Distribution> = new Map()

/** Grows columns and hands them over. One builder makes one block. */
export class PointBlockBuilder {
  length = 0
  #series: Series[] = []
  #time: Float64Array
  #start: Float64Array
  #value: Float64Array
  #flags: Uint8Array
  #distributions: Map<number, Distribution> | undefined

  constructor(capacity = INITIAL_CAPACITY) {
    this.#time = new Float64Array(capacity)
    this.#start = new Float64Array(capacity)
    this.#value = new Float64Array(capacity)
    this.#flags = new Uint8Array(capacity)
  }

  /** @param time Unix ms @param start Unix ms or 0 */
  add(series: Series, time: number, value: number, start = 0, flags = 0): void {
    if (this.length === this.#time.length) this.#grow()
    const i = this.length++
    this.#series.push(series)
    this.#time[i] = time
    this.#start[i] = start
    this.#value[i] = value
    this.#flags[i] = flags
  }

  addDistribution(series: Series, time: number, distribution: Distribution, start = 0, flags = 0): void {
    this.#distributions ??= new Map()
    this.#distributions.set(this.length, distribution)
    this.add(series, time, distribution.kind === 'set' ? distribution.members.length : distribution.sum, start, flags)
  }

  /** Copies point `i` of `block`. */
  copy(block: PointBlock, i: number): void {
    const distribution = block.distributions.get(i)
    if (distribution === undefined)
      this.add(block.series[i], block.time[i], block.value[i], block.start[i], block.flags[i])
    else this.addDistribution(block.series[i], block.time[i], distribution, block.start[i], block.flags[i])
  }

  build(): PointBlock {
    return {
      type: 'points',
      length: this.length,
      series: this.#series,
      time: this.#time.subarray(0, this.length),
      start: this.#start.subarray(0, this.length),
      value: this.#value.subarray(0, this.length),
      flags: this.#flags.subarray(0, this.length),
      distributions: this.#distributions ?? NO_DISTRIBUTIONS
    }
  }

  #grow(): void {
    const capacity = Math.max(INITIAL_CAPACITY, this.#time.length * 2)
    this.#time = grown(this.#time, new Float64Array(capacity))
    this.#start = grown(this.#start, new Float64Array(capacity))
    this.#value = grown(this.#value, new Float64Array(capacity))
    this.#flags = grown(this.#flags, new Uint8Array(capacity))
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from)
  return to
}
