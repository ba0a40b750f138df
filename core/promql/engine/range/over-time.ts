import { FLOAT, HISTOGRAM, NONE } from '../rows.ts'
import { informIgnoredHistograms, type RangeCall, type RangeFunction } from './range-function.ts'
import type { Window } from './window.ts'

export const countOverTime: RangeFunction = window => {
  window.value = window.floatCount + window.histogramCount
  return FLOAT
}

export const presentOverTime: RangeFunction = window => {
  window.value = 1
  return FLOAT
}

export const firstOverTime: RangeFunction = window => {
  const { series, first, firstHistogram } = window
  const byFloat =
    window.floatCount > 0 &&
    (window.histogramCount === 0 || series.times[first]! < series.histogramTimes[firstHistogram]!)
  return take(window, byFloat, first, firstHistogram)
}

export const lastOverTime: RangeFunction = window => {
  const { series } = window
  const last = window.end - 1
  const lastHistogram = window.endHistogram - 1
  const byFloat =
    window.floatCount > 0 &&
    (window.histogramCount === 0 || series.times[last]! > series.histogramTimes[lastHistogram]!)
  return take(window, byFloat, last, lastHistogram)
}

export const timeOfFirst: RangeFunction = window => {
  const { series } = window
  const first = window.floatCount > 0 ? series.times[window.first]! : Infinity
  const firstHistogram = window.histogramCount > 0 ? series.histogramTimes[window.firstHistogram]! : Infinity
  window.value = Math.min(first, firstHistogram) / 1000
  return FLOAT
}

export const timeOfLast: RangeFunction = window => {
  const { series } = window
  const last = window.floatCount > 0 ? series.times[window.end - 1]! : -Infinity
  const lastHistogram = window.histogramCount > 0 ? series.histogramTimes[window.endHistogram - 1]! : -Infinity
  window.value = Math.max(last, lastHistogram) / 1000
  return FLOAT
}

export const minOverTime: RangeFunction = (window, call) => extreme(window, call, valueAt, lowest)

export const maxOverTime: RangeFunction = (window, call) => extreme(window, call, valueAt, highest)

export const timeOfMin: RangeFunction = (window, call) => extreme(window, call, secondsAt, lastLowest)

export const timeOfMax: RangeFunction = (window, call) => extreme(window, call, secondsAt, lastHighest)

function take(
  window: Window,
  byFloat: boolean,
  index: number,
  histogramIndex: number
): typeof FLOAT | typeof HISTOGRAM {
  if (byFloat) {
    window.value = window.series.values[index]!
    return FLOAT
  }
  window.histogram = window.series.histograms[histogramIndex]!
  return HISTOGRAM
}

/** The index of the best value among that at `best` and those from `from` on, before `end`. */
type Find = (values: Float64Array, best: number, from: number, end: number) => number
type ResultAt = (window: Window, index: number) => number

function extreme(window: Window, call: RangeCall, result: ResultAt, find: Find): typeof FLOAT | typeof NONE {
  if (window.floatCount === 0) return NONE
  informIgnoredHistograms(window, call)
  const { first, end, best, bestUntil } = window
  const { values } = window.series
  // The best value of the window before is that of all which are still there.
  window.best = best >= first ? find(values, best, bestUntil, end) : find(values, first, first + 1, end)
  window.bestUntil = end
  window.value = result(window, window.best)
  return FLOAT
}

function valueAt(window: Window, index: number): number {
  return window.series.values[index]!
}

function secondsAt(window: Window, index: number): number {
  return window.series.times[index]! / 1000
}

// NaN is the result only if there is nothing else.

function lowest(values: Float64Array, best: number, from: number, end: number): number {
  let at = best
  let found = values[best]!
  for (let i = from; i < end; i++) {
    const value = values[i]!
    if (!(value < found || Number.isNaN(found))) continue
    at = i
    found = value
  }
  return at
}

function highest(values: Float64Array, best: number, from: number, end: number): number {
  let at = best
  let found = values[best]!
  for (let i = from; i < end; i++) {
    const value = values[i]!
    if (!(value > found || Number.isNaN(found))) continue
    at = i
    found = value
  }
  return at
}

function lastLowest(values: Float64Array, best: number, from: number, end: number): number {
  let at = best
  let found = values[best]!
  for (let i = from; i < end; i++) {
    const value = values[i]!
    if (!(value <= found || Number.isNaN(found))) continue
    at = i
    found = value
  }
  return at
}

function lastHighest(values: Float64Array, best: number, from: number, end: number): number {
  let at = best
  let found = values[best]!
  for (let i = from; i < end; i++) {
    const value = values[i]!
    if (!(value >= found || Number.isNaN(found))) continue
    at = i
    found = value
  }
  return at
}
