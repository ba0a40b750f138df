/** Quantiles are off by 0.55 % at most: the base of the buckets is 2^(2^-6). */
const SCALE = 6
/** Up to a ratio of 2^32 between the greatest and the smallest value at {@link SCALE}; wider ranges are kept coarser. */
const MAX_BUCKETS = 2048

/** An exponential histogram of values from 0 on, which is a DDSketch. */
export class Histogram {
  #scale = SCALE
  readonly #counts = new Map<number, number>()
  #lowest = Infinity
  #highest = -Infinity
  #zeros = 0
  #count = 0
  #sum = 0
  #min = Infinity
  #max = -Infinity

  /** @param value finite, at least 0 */
  add(value: number): void {
    this.#count++
    this.#sum += value
    if (value < this.#min) this.#min = value
    if (value > this.#max) this.#max = value
    if (value === 0) this.#zeros++
    else this.#addTo(Math.ceil(Math.log2(value) * 2 ** this.#scale) - 1, 1)
  }

  /** Fields of an OTLP ExponentialHistogramDataPoint in JSON. */
  get fields(): string {
    const counts: number[] = []
    for (let index = this.#lowest; index <= this.#highest; index++) counts.push(this.#counts.get(index) ?? 0)
    const offset = counts.length > 0 ? this.#lowest : 0
    const buckets = `"positive":{"offset":${offset},"bucketCounts":[${counts}]}`
    // Too large a sum is no number of JSON.
    const sum = Number.isFinite(this.#sum) ? `"sum":${this.#sum},` : ''
    const range = `"min":${this.#min},"max":${this.#max}`
    return `"count":${this.#count},${sum}${range},"scale":${this.#scale},"zeroCount":${this.#zeros},${buckets}`
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
    this.#scale--
    this.#lowest = Infinity
    this.#highest = -Infinity
    for (const [index, count] of counts) this.#addTo(Math.floor(index / 2), count)
  }
}
