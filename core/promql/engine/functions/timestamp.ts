import { unnamedRows } from '../merged-rows.ts'
import { newRow } from '../query.ts'
import { FLOAT, NONE } from '../rows.ts'
import { timeAt } from '../times.ts'
import { vectorOf } from '../value.ts'
import { rowsArg, type VectorFunction } from './vector-function.ts'

/** Of an expression that is no selector: its values are of the evaluation time. */
export const timestamp: VectorFunction = call => {
  const rows = rowsArg(call, 0).map(source => {
    const row = newRow(call.query, call.times, source.labels, source.dropName)
    for (let step = 0; step < source.kinds.length; step++) {
      if (source.kinds[step] === NONE) continue
      row.kinds[step] = FLOAT
      row.values[step] = timeAt(call.times, step) / 1000
    }
    return row
  })
  return vectorOf(unnamedRows(call.query, call.times, rows))
}
