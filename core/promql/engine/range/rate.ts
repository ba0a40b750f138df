import { multiply } from '../../histogram/arithmetic.ts'
import { type CellKind, FLOAT, HISTOGRAM, NONE } from '../rows.ts'
import { extrapolationFactor } from './extrapolation.ts'
import { histogramIncrease } from './histogram-increase.ts'
import { type RangeCall, type RangeFunction, warnMixed } from './range-function.ts'
import type { Window } from './window.ts'

export const rate: RangeFunction = (window, call) => extrapolated(window, call, true, window.rangeMs / 1000)

export const increase: RangeFunction = (window, call) => extrapolated(window, call, true, 1)

export const delta: RangeFunction = (window, call) => extrapolated(window, call, false, 1)

/** The difference of the last and the first sample, extrapolated to the whole window, divided by `seconds`. */
function extrapolated(window: Window, call: RangeCall, isCounter: boolean, seconds: number): CellKind {
  if (window.histogramCount > 0) return extrapolatedHistogram(window, call, isCounter, seconds)
  if (window.floatCount < 2) return NONE
  const { values, times } = window.series
  const first = values[window.first]!
  const difference = values[window.end - 1]! - first
  const increased = isCounter ? window.addLostByResets(difference) : difference
  const zeroDistance = isCounter && increased > 0 && first >= 0 ? first / increased : Infinity
  const firstTime = times[window.first]!
  const factor = extrapolationFactor(window, firstTime, times[window.end - 1]!, window.floatCount, zeroDistance)
  window.value = increased * (factor / seconds)
  return FLOAT
}

function extrapolatedHistogram(window: Window, call: RangeCall, isCounter: boolean, seconds: number): CellKind {
  if (window.floatCount > 0) {
    warnMixed(window, call)
    return NONE
  }
  if (window.histogramCount < 2) return NONE
  const increased = histogramIncrease(window, call, isCounter)
  if (increased === undefined) return NONE
  const { histogramTimes, histograms } = window.series
  const first = histograms[window.firstHistogram]!.count
  const zeroDistance = isCounter && increased.count > 0 && first >= 0 ? first / increased.count : Infinity
  const firstTime = histogramTimes[window.firstHistogram]!
  const lastTime = histogramTimes[window.endHistogram - 1]!
  const factor = extrapolationFactor(window, firstTime, lastTime, window.histogramCount, zeroDistance)
  window.histogram = multiply(increased, factor / seconds)
  return HISTOGRAM
}
