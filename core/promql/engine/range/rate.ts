import { type CellKind, FLOAT, NONE } from '../rows.ts'
import { extrapolationFactor } from './extrapolation.ts'
import type { RangeFunction } from './range-function.ts'
import type { Window } from './window.ts'

export const rate: RangeFunction = window => extrapolated(window, true, window.rangeMs / 1000)

export const increase: RangeFunction = window => extrapolated(window, true, 1)

export const delta: RangeFunction = window => extrapolated(window, false, 1)

/** The difference of the last and the first sample, extrapolated to the whole window, divided by `seconds`. */
function extrapolated(window: Window, isCounter: boolean, seconds: number): CellKind {
  if (window.histogramCount > 0 || window.floatCount < 2) return NONE
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
