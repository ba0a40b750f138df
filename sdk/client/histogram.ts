/** Quantiles are off by 0.55 % at most: the base of the buckets is 2^(2^-6). */
const SCALE = 6
/** Up to a ratio of 2^32 between the greatest and the smallest value at {@link SCALE}; wider ranges are kept coarser. */
const MAX_BUCKETS = 2048

/** An exponential histogram of values from 0 on, which is a DDSketch. */
export class Histogram {
  /** With the names of OTLP. */
  readonly #data = { count: 0, sum: 0, min: Infinity, max: -Infinity, scale: SCALE, zeroCount: 0 }
  readonly #counts = new Map<number, number>()
  #lowest = Infinity
  #highest = -Infinity

  /** @param value finite, at least 0 */
  add(value: number): void {
    const data = this.#data
    data.count++
    data.sum += value
    data.min = Math.min(data.min, value)
    data.max = Math.max(data.max, value)
    if (value === 0) data.zeroCount++
    else this.#addTo(Math.ceil(Math.log2(value) * 2 ** data.scale) - 1, 1)
  }

  /** Fields of an OTLP ExponentialHistogramDataPoint in JSON. */
  get fields(): string {
    const bucketCounts: number[] = []
    for (let index = this.#lowest; index <= this.#highest; index++) bucketCounts.push(this.#counts.get(index) ?? 0)
    const offset = bucketCounts.length > 0 ? this.#lowest : 0
    // Too large a sum becomes null, and is not known.
    return JSON.stringify({ ...this.#data, positive: { offset, bucketCounts } }).slice(1, -1)
  }

  #addTo(index: number, count: number): void {
    this.#counts.set(index, (this.#counts.get(index) ?? 0) + count)
    this.#lowest = Math.min(this.#lowest, index)
    this.#highest = Math.max(this.#highest, index)
    while (this.#highest - this.#lowest >= MAX_BUCKETS) this.#coarsen()
  }

  /** Two buckets become one. */
  #coarsen(): void {
    const counts = [...this.#counts]
    this.#counts.clear()
    this.#data.scale--
    this.#lowest = Infinity
    this.#highest = -Infinity
    for (const [index, count] of counts) this.#addTo(Math.floor(index / 2), count)
  }
}
