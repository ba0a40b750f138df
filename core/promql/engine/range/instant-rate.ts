import { type CellKind, FLOAT, NONE } from '../rows.ts'
import type { RangeFunction } from './range-function.ts'
import type { Window } from './window.ts'

export const instantRate: RangeFunction = window => lastDifference(window, true)

export const instantDelta: RangeFunction = window => lastDifference(window, false)

/** The difference of the last two samples; for a rate, per second. */
function lastDifference(window: Window, isRate: boolean): CellKind {
  if (window.histogramCount > 0 || window.floatCount < 2) return NONE
  const { values, times } = window.series
  const last = window.end - 1
  const value = values[last]!
  const before = values[last - 1]!
  const seconds = (times[last]! - times[last - 1]!) / 1000
  const difference = isRate && value < before ? value : value - before
  window.value = isRate ? difference / seconds : difference
  return FLOAT
}
