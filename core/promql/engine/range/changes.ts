import { equal } from '../../histogram/arithmetic.ts'
import { isCounterReset } from '../../histogram/counter-reset.ts'
import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { FLOAT, NONE } from '../rows.ts'
import type { RangeFunction } from './range-function.ts'
import type { Window } from './window.ts'

export const resets: RangeFunction = window => {
  window.value = countSteps(window, window, fell, isCounterReset)
  return FLOAT
}

export const changes: RangeFunction = window => {
  window.value = countSteps(window, window, isOther, areOther)
  return FLOAT
}

/** Resets since the last sample before the range. */
export const anchoredResets: RangeFunction = window => {
  const begin = anchorOf(window)
  if (begin === undefined) return NONE
  window.value = countSteps(window, begin, fell, isCounterReset)
  return FLOAT
}

export const anchoredChanges: RangeFunction = window => {
  const begin = anchorOf(window)
  if (begin === undefined) return NONE
  window.value = countSteps(window, begin, isOther, areOther)
  return FLOAT
}

/** Indices of the first samples that count. */
interface Begin {
  readonly first: number
  readonly firstHistogram: number
}

type Counts<T> = (sample: T, before: T) => boolean

/** Neighboring samples of which the second one counts. From a float to a histogram, or back, every step counts. */
function countSteps(
  window: Window,
  begin: Begin,
  ofFloats: Counts<number>,
  ofHistograms: Counts<FloatHistogram>
): number {
  const { times, values, histogramTimes, histograms } = window.series
  let count = 0
  let next = begin.first
  let nextHistogram = begin.firstHistogram
  let wasFloat: boolean | undefined
  while (next < window.end || nextHistogram < window.endHistogram) {
    const isFloat =
      nextHistogram >= window.endHistogram || (next < window.end && times[next]! < histogramTimes[nextHistogram]!)
    if (wasFloat !== undefined && isFloat !== wasFloat) count++
    else if (wasFloat !== undefined) {
      const counts = isFloat
        ? ofFloats(values[next]!, values[next - 1]!)
        : ofHistograms(histograms[nextHistogram]!, histograms[nextHistogram - 1]!)
      if (counts) count++
    }
    if (isFloat) next++
    else nextHistogram++
    wasFloat = isFloat
  }
  return count
}

/** The last sample before the range, of either kind, and all samples in it. Undefined if there are none in it. */
function anchorOf(window: Window): Begin | undefined {
  const { times, histogramTimes } = window.series
  const after = window.until - window.rangeMs
  const first = firstAfter(times, window.first, window.end, after)
  const firstHistogram = firstAfter(histogramTimes, window.firstHistogram, window.endHistogram, after)
  if (first === window.end && firstHistogram === window.endHistogram) return undefined
  const before = first > window.first ? times[first - 1]! : -Infinity
  const beforeHistogram = firstHistogram > window.firstHistogram ? histogramTimes[firstHistogram - 1]! : -Infinity
  if (before === beforeHistogram) return { first, firstHistogram }
  return before > beforeHistogram ? { first: first - 1, firstHistogram } : { first, firstHistogram: firstHistogram - 1 }
}

function firstAfter(times: Float64Array, first: number, end: number, time: number): number {
  let index = first
  while (index < end && times[index]! <= time) index++
  return index
}

function fell(value: number, before: number): boolean {
  return value < before
}

function areOther(histogram: FloatHistogram, before: FloatHistogram): boolean {
  return !equal(histogram, before)
}

/** NaN is the same as NaN. */
function isOther(value: number, before: number): boolean {
  return value !== before && !(Number.isNaN(value) && Number.isNaN(before))
}
