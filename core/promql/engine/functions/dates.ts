import { Labels } from '../../labels.ts'
import { newRow } from '../query.ts'
import { FLOAT } from '../rows.ts'
import { timeAt } from '../times.ts'
import { vectorOf } from '../value.ts'
import { elementwise } from './elementwise.ts'
import type { VectorFunction } from './vector-function.ts'

const DAY_MS = 86_400_000

type DatePart = (date: Date) => number

/** A part of each value as Unix seconds in UTC; without an argument, of the evaluation time. */
function datePart(part: DatePart): VectorFunction {
  const partOf = (seconds: number) => part(new Date(Math.trunc(seconds) * 1000))
  const ofValues = elementwise(partOf)
  return call => {
    if (call.args.length > 0) return ofValues(call)
    const row = newRow(call.query, call.times, Labels.NONE, false)
    row.kinds.fill(FLOAT)
    for (let step = 0; step < call.times.count; step++)
      row.values[step] = partOf(Math.floor(timeAt(call.times, step) / 1000))
    return vectorOf([row])
  }
}

export const year = datePart(date => date.getUTCFullYear())
export const month = datePart(date => date.getUTCMonth() + 1)
export const dayOfMonth = datePart(date => date.getUTCDate())
export const dayOfWeek = datePart(date => date.getUTCDay())
export const dayOfYear = datePart(date => (startOfDay(date) - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS + 1)
export const daysInMonth = datePart(date =>
  new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
)
export const hour = datePart(date => date.getUTCHours())
export const minute = datePart(date => date.getUTCMinutes())

function startOfDay(date: Date): number {
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate())
}
