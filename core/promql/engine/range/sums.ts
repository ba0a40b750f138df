import { CompensatedMeans, CompensatedSums } from '../compensated-sums.ts'
import { type CellKind, FLOAT, NONE } from '../rows.ts'
import type { RangeFunction } from './range-function.ts'

/** One window is computed at a time. */
const SUM = new CompensatedSums(1)
const MEAN = new CompensatedMeans(1)

export const sumOverTime: RangeFunction = window => {
  if (window.histogramCount > 0) return NONE
  const { values } = window.series
  SUM.set(0, 0)
  for (let i = window.first; i < window.end; i++) SUM.add(0, values[i]!)
  window.value = SUM.total(0)
  return FLOAT
}

export const meanOverTime: RangeFunction = (window): CellKind => {
  if (window.histogramCount > 0) return NONE
  const { values } = window.series
  MEAN.reset(0)
  for (let i = window.first; i < window.end; i++) MEAN.add(0, values[i]!)
  window.value = MEAN.mean(0)
  return FLOAT
}
