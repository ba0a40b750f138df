import { add, divide, subtract } from '../../../histogram/arithmetic.ts'
import { hasCustomBounds } from '../../../histogram/bounds.ts'
import { isCounterReset } from '../../../histogram/counter-reset.ts'
import type { FloatHistogram } from '../../../histogram/float-histogram.ts'
import { type CellKind, HISTOGRAM, NONE } from '../../rows.ts'
import { taken, warnNoCounter, warnNoGauge } from '../histogram-increase.ts'
import { type RangeCall, warnMixedSchemas } from '../range-function.ts'
import type { Window } from '../window.ts'
import { type Edges, type Extension, edgesOf } from './edges.ts'
import { histogramBetween } from './interpolation.ts'

/** `rate`, `increase` or `delta` of histograms between the bounds of a range, divided by `seconds`. */
export function extendedHistogramRate(
  window: Window,
  call: RangeCall,
  extension: Extension,
  isCounter: boolean,
  seconds: number
): CellKind {
  const { histogramTimes, histograms } = window.series
  const edges = edgesOf(window, histogramTimes, window.firstHistogram, window.endHistogram, extension)
  if (edges === undefined) return NONE
  const involved = histograms.slice(edges.first, edges.last + 1)
  if (involved.some(histogram => hasCustomBounds(histogram) !== hasCustomBounds(involved[0]!))) {
    warnMixedSchemas(window, call)
    return NONE
  }
  if (isCounter && involved.some(({ counterReset }) => counterReset === 'gauge')) warnNoCounter(window, call)
  const increase = new HistogramIncrease(window, call, edges, extension, isCounter)
  window.histogram = { ...divide(increase.total(), seconds), counterReset: 'gauge' }
  return HISTOGRAM
}

class HistogramIncrease {
  readonly #window: Window
  readonly #call: RangeCall
  readonly #edges: Edges
  readonly #isCounter: boolean
  readonly #after: number
  readonly #isSmoothed: boolean

  constructor(window: Window, call: RangeCall, edges: Edges, extension: Extension, isCounter: boolean) {
    this.#window = window
    this.#call = call
    this.#edges = edges
    this.#isCounter = isCounter
    this.#after = window.until - window.rangeMs
    this.#isSmoothed = extension === 'smoothed'
  }

  total(): FloatHistogram {
    const { histogramTimes: times, histograms } = this.#window.series
    const { first, last } = this.#edges
    const { until } = this.#window
    const begins = this.#isSmoothed && times[first]! < this.#after
    const ends = this.#isSmoothed && last > first && times[last]! > until
    const left = begins ? this.#at(first, this.#after) : histograms[first]!
    const right = ends ? this.#at(last - 1, until) : histograms[last]!
    if (!this.#isCounter && (left.counterReset !== 'gauge' || right.counterReset !== 'gauge'))
      warnNoGauge(this.#window, this.#call)
    const difference = taken(subtract(right, left), 'subtraction', this.#call)
    return this.#isCounter ? this.#withLost(difference, left, right, begins) : difference
  }

  /** With what the counter lost by resets between the bounds. */
  #withLost(difference: FloatHistogram, left: FloatHistogram, right: FloatHistogram, begins: boolean): FloatHistogram {
    const { histograms } = this.#window.series
    let { first } = this.#edges
    const { last } = this.#edges
    if (first === last) return difference
    let before = left
    if (begins && isCounterReset(histograms[first + 1]!, histograms[first]!)) {
      // The left bound has been interpolated from 0: it is behind this reset.
      first++
      before = histograms[first]!
      if (first === last) return difference
    }
    let total = difference
    for (const histogram of [...histograms.slice(first + 1, last), right]) {
      if (isCounterReset(histogram, before)) total = taken(add(total, before), 'addition', this.#call)
      before = histogram
    }
    return total
  }

  #at(index: number, time: number): FloatHistogram {
    const { histogramTimes, histograms } = this.#window.series
    const { remarks, args } = this.#call
    const between = { index, time, isCounter: this.#isCounter }
    const histogram = histogramBetween(histogramTimes, histograms, between, remarks, args[0]!.span)
    if (histogram === undefined) throw new TypeError('the schemas have been compared')
    return histogram
  }
}
