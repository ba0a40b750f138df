import { CompensatedSums } from '../compensated-sums.ts'
import { isOddQuantile, quantileOf } from '../quantile.ts'
import { FLOAT, NONE } from '../rows.ts'
import { informIgnoredHistograms, type RangeFunction } from './range-function.ts'
import type { Window } from './window.ts'

/** One window is computed at a time. */
const MEAN = new CompensatedSums(1)
const SQUARES = new CompensatedSums(1)
let scratch = new Float64Array(64)

export const varianceOverTime: RangeFunction = (window, call) => {
  if (window.floatCount === 0) return NONE
  informIgnoredHistograms(window, call)
  window.value = varianceOf(window)
  return FLOAT
}

export const deviationOverTime: RangeFunction = (window, call) => {
  const kind = varianceOverTime(window, call)
  if (kind === FLOAT) window.value = Math.sqrt(window.value)
  return kind
}

/** The median of distances to the median. A NaN makes both unknown. */
export const medianDeviationOverTime: RangeFunction = (window, call) => {
  if (window.floatCount === 0) return NONE
  informIgnoredHistograms(window, call)
  const values = valuesOf(window)
  window.value = NaN
  if (values.some(Number.isNaN)) return FLOAT
  const median = quantileOf(0.5, values)
  window.value = quantileOf(
    0.5,
    values.map(value => Math.abs(value - median))
  )
  return FLOAT
}

export const quantileOverTime: RangeFunction = (window, call) => {
  if (window.floatCount === 0) return NONE
  const q = call.scalars[0]![window.step]!
  if (isOddQuantile(q)) call.remarks.oddQuantile(call.args[0]!.span, q)
  informIgnoredHistograms(window, call)
  window.value = quantileOf(q, valuesOf(window))
  return FLOAT
}

/** By Welford's method, compensated. */
function varianceOf(window: Window): number {
  const { values } = window.series
  MEAN.set(0, 0)
  SQUARES.set(0, 0)
  for (let i = window.first, count = 1; i < window.end; i++, count++) {
    const value = values[i]!
    const distance = value - MEAN.total(0)
    MEAN.add(0, distance / count)
    SQUARES.add(0, distance * (value - MEAN.total(0)))
  }
  return SQUARES.total(0) / window.floatCount
}

/** A copy, until the next window is computed. */
function valuesOf(window: Window): Float64Array {
  if (scratch.length < window.floatCount) scratch = new Float64Array(2 * window.floatCount)
  const copy = scratch.subarray(0, window.floatCount)
  for (let i = 0; i < copy.length; i++) copy[i] = window.series.values[window.first + i]!
  return copy
}
