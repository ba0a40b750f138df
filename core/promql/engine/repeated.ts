import { newRow, type Query } from './query.ts'
import { copyCell, type Row } from './rows.ts'
import type { Times } from './times.ts'
import { type Value, vectorOf } from './value.ts'

/** A value of one time as the value of all times. */
export function repeated(query: Query, value: Value, times: Times): Value {
  if (value.type === 'string') return value
  if (value.type === 'vector') return vectorOf(value.rows.map(row => repeatedRow(query, row, times)))
  query.budget.take(times.count)
  return { type: 'scalar', values: new Float64Array(times.count).fill(value.values[0]!) }
}

function repeatedRow(query: Query, source: Row, times: Times): Row {
  const row = newRow(query, times, source.labels, source.dropName)
  for (let step = 0; step < times.count; step++) copyCell(source, 0, row, step)
  return row
}
