import { FLOAT } from '../rows.ts'
import type { RangeFunction } from './range-function.ts'

export const resets: RangeFunction = window => {
  const { values } = window.series
  let count = 0
  for (let i = window.first + 1; i < window.end; i++) if (values[i]! < values[i - 1]!) count++
  window.value = count
  return FLOAT
}

export const changes: RangeFunction = window => {
  const { values } = window.series
  let count = 0
  for (let i = window.first + 1; i < window.end; i++) if (!sameValue(values[i]!, values[i - 1]!)) count++
  window.value = count
  return FLOAT
}

/** NaN is the same as NaN. */
function sameValue(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b))
}
