import { QueryError } from '../../query-error.ts'
import { CompensatedSums } from '../compensated-sums.ts'
import { FLOAT, NONE } from '../rows.ts'
import { informIgnoredHistograms, type RangeCall, type RangeFunction } from './range-function.ts'
import type { Window } from './window.ts'

/** One window is computed at a time: sums of x, y, xy and x². */
const SUMS = new CompensatedSums(4)

export const derivative: RangeFunction = (window, call) => {
  if (!hasLine(window, call)) return NONE
  // A time near the samples keeps the numbers small.
  window.value = lineThrough(window, window.series.times[window.first]!).slope
  return FLOAT
}

export const predictLinear: RangeFunction = (window, call) => {
  if (!hasLine(window, call)) return NONE
  const line = lineThrough(window, window.time)
  window.value = line.slope * call.scalars[0]![window.step]! + line.intercept
  return FLOAT
}

/** Of level and trend: https://en.wikipedia.org/wiki/Exponential_smoothing#Double_exponential_smoothing */
export const doubleExponentialSmoothing: RangeFunction = (window, call) => {
  const smoothing = factorOf(call, 0, window.step, 'smoothing')
  const trending = factorOf(call, 1, window.step, 'trend')
  if (!hasLine(window, call)) return NONE
  const { values } = window.series
  let level = values[window.first]!
  let trend = values[window.first + 1]! - level
  for (let i = window.first + 1, before = level; i < window.end; i++) {
    if (i > window.first + 1) trend = trending * (level - before) + (1 - trending) * trend
    before = level
    level = smoothing * values[i]! + (1 - smoothing) * (level + trend)
  }
  window.value = level
  return FLOAT
}

/** A line takes two floats at least. */
function hasLine(window: Window, call: RangeCall): boolean {
  if (window.floatCount > 0) informIgnoredHistograms(window, call)
  return window.floatCount > 1
}

interface Line {
  /** Per second. */
  readonly slope: number
  readonly intercept: number
}

/** The line of least squares, with its intercept at `time` (Unix ms). */
function lineThrough(window: Window, time: number): Line {
  const { values, times } = window.series
  const firstValue = values[window.first]!
  let constant = true
  for (let sum = 0; sum < 4; sum++) SUMS.set(sum, 0)
  for (let i = window.first; i < window.end; i++) {
    const y = values[i]!
    if (y !== firstValue) constant = false
    const x = (times[i]! - time) / 1000
    SUMS.add(0, x)
    SUMS.add(1, y)
    SUMS.add(2, x * y)
    SUMS.add(3, x * x)
  }
  if (constant)
    return Math.abs(firstValue) === Infinity ? { slope: NaN, intercept: NaN } : { slope: 0, intercept: firstValue }
  const count = window.floatCount
  const sumX = SUMS.total(0)
  const sumY = SUMS.total(1)
  const covariance = SUMS.total(2) - (sumX * sumY) / count
  const variance = SUMS.total(3) - (sumX * sumX) / count
  const slope = covariance / variance
  return { slope, intercept: sumY / count - (slope * sumX) / count }
}

function factorOf(call: RangeCall, index: number, step: number, name: string): number {
  const factor = call.scalars[index]![step]!
  if (factor > 0 && factor < 1) return factor
  throw new QueryError(
    'execution',
    `the ${name} factor of ${call.func} is ${factor}: it must be above 0 and below 1`,
    call.args[index + 1]!.span
  )
}
