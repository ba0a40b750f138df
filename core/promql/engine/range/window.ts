import { isCounterReset } from '../../histogram/counter-reset.ts'
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import type { SampledSeries } from './sampled-series.ts'

/** How far before and after its range a window goes. */
export interface Margins {
  readonly beforeMs: number
  readonly afterMs: number
}

export const NO_MARGINS: Margins = { beforeMs: 0, afterMs: 0 }

const NO_RESETS: readonly number[] = []

/**
 * The samples of one series in the range of a range function, `(until - rangeMs, until]`, and its margins. One object serves all windows
 * of a series: range functions read it and leave their result in `value` or `histogram`.
 */
export class Window {
  readonly series: SampledSeries
  readonly rangeMs: number
  readonly #margins: Margins
  /** Floats are those from `first` on, before `end`. */
  first = 0
  end = 0
  /** So are histograms. */
  firstHistogram = 0
  endHistogram = 0
  /** Unix ms. The window's last time: an offset is subtracted. */
  until = 0
  /** Unix ms: the evaluation time. */
  time = 0
  /** Index of the evaluation time. */
  step = 0
  value = 0
  histogram: FloatHistogram | undefined
  /** Index of the best value of the last window that a function looked for one in, and the end of that window. */
  best = -1
  bestUntil = 0
  #wholeSums: Float64Array | undefined | 'none'
  #resets: readonly number[] | undefined
  #firstReset = 0
  #histogramResets: readonly number[] | undefined
  #firstHistogramReset = 0

  constructor(series: SampledSeries, rangeMs: number, margins = NO_MARGINS) {
    this.series = series
    this.rangeMs = rangeMs
    this.#margins = margins
  }

  get floatCount(): number {
    return this.end - this.first
  }

  get histogramCount(): number {
    return this.endHistogram - this.firstHistogram
  }

  /** Forward only. */
  moveTo(until: number): void {
    const { times, histogramTimes } = this.series
    const after = until - this.rangeMs - this.#margins.beforeMs
    const newest = until + this.#margins.afterMs
    this.until = until
    while (this.end < times.length && times[this.end]! <= newest) this.end++
    while (this.first < this.end && times[this.first]! <= after) this.first++
    if (histogramTimes.length === 0) return
    while (this.endHistogram < histogramTimes.length && histogramTimes[this.endHistogram]! <= newest)
      this.endHistogram++
    while (this.firstHistogram < this.endHistogram && histogramTimes[this.firstHistogram]! <= after)
      this.firstHistogram++
  }

  /** The sum of the values. Undefined if it takes more than a difference to be exact: if not all values are whole. */
  wholeSum(): number | undefined {
    this.#wholeSums ??= wholeSumsOf(this.series.values) ?? 'none'
    return this.#wholeSums === 'none' ? undefined : this.#wholeSums[this.end]! - this.#wholeSums[this.first]!
  }

  /** Values of a counter before its resets in the window, added to `sum`: what the counter lost by them. */
  addLostByResets(sum: number): number {
    const { values } = this.series
    const resets = (this.#resets ??= resetsOf(values))
    while (this.#firstReset < resets.length && resets[this.#firstReset]! <= this.first) this.#firstReset++
    let total = sum
    for (let i = this.#firstReset; i < resets.length && resets[i]! < this.end; i++) total += values[resets[i]! - 1]!
    return total
  }

  /** Indices of the histograms in the window with which the counter began anew. */
  histogramResets(): readonly number[] {
    const resets = (this.#histogramResets ??= histogramResetsOf(this.series.histograms))
    let first = this.#firstHistogramReset
    while (first < resets.length && resets[first]! <= this.firstHistogram) first++
    this.#firstHistogramReset = first
    let end = first
    while (end < resets.length && resets[end]! < this.endHistogram) end++
    return first === end ? NO_RESETS : resets.slice(first, end)
  }
}

/** Sums of the values before each index. Undefined if one of them is not exact. */
function wholeSumsOf(values: Float64Array): Float64Array | undefined {
  const sums = new Float64Array(values.length + 1)
  let size = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    size += Math.abs(value)
    if (!Number.isInteger(value) || Object.is(value, -0) || size > Number.MAX_SAFE_INTEGER) return undefined
    sums[i + 1] = sums[i]! + value
  }
  return sums
}

function histogramResetsOf(histograms: readonly FloatHistogram[]): number[] {
  const resets: number[] = []
  for (let i = 1; i < histograms.length; i++) if (isCounterReset(histograms[i]!, histograms[i - 1]!)) resets.push(i)
  return resets
}

/** Indices of the first values after a reset. */
function resetsOf(values: Float64Array): number[] {
  const resets: number[] = []
  for (let i = 1; i < values.length; i++) if (values[i]! < values[i - 1]!) resets.push(i)
  return resets
}
