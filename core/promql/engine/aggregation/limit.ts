import { createHash } from 'node:crypto'
import { shortFloat } from '../../float-text.ts'
import { QueryError } from '../../query-error.ts'
import { copyCell, isPresent, NONE, type Row } from '../rows.ts'
import { countsOf } from './count-parameter.ts'
import { emptyCopy, groupsOfCall, type ParameterCall, paramSpan } from './parameter-aggregation.ts'

/** The first k rows of each group that have a sample. */
export async function limitByCount(call: ParameterCall): Promise<Row[]> {
  const counts = countsOf(call)
  const results: Row[] = []
  for (const group of groupsOfCall(call)) {
    const chosen = new Float64Array(counts.length)
    for (const row of group.rows) {
      if (call.query.turns.due) await call.query.turns.next()
      const copy = emptyCopy(call, row)
      for (let step = 0; step < counts.length; step++) {
        if (row.kinds[step] === NONE || chosen[step]! >= counts[step]!) continue
        chosen[step]!++
        copyCell(row, step, copy, step)
      }
      if (isPresent(copy)) results.push(copy)
    }
  }
  return results
}

/**
 * About that part of the rows, always the same ones: their labels decide. A negative ratio takes those that the ratio 1
 * above it leaves out.
 */
export async function limitByRatio(call: ParameterCall): Promise<Row[]> {
  const ratios = call.param.map(ratio => checkedRatio(call, ratio))
  const results: Row[] = []
  for (const row of call.rows) {
    if (call.query.turns.due) await call.query.turns.next()
    const place = placeOf(row)
    const copy = emptyCopy(call, row)
    for (let step = 0; step < ratios.length; step++) {
      const ratio = ratios[step]!
      if (ratio >= 0 ? place < ratio : place >= 1 + ratio) copyCell(row, step, copy, step)
    }
    if (isPresent(copy)) results.push(copy)
  }
  return results
}

function checkedRatio(call: ParameterCall, ratio: number): number {
  if (Number.isNaN(ratio)) throw new QueryError('execution', 'Ratio value is NaN', paramSpan(call))
  const capped = Math.max(-1, Math.min(1, ratio))
  if (capped !== ratio)
    call.query.remarks.warnAt(
      paramSpan(call),
      `ratio value should be between -1 and 1, got ${shortFloat(ratio)}, capping to ${capped}`
    )
  return capped
}

/** From 0 to below 1, evenly spread. */
function placeOf(row: Row): number {
  return createHash('md5').update(row.labels.key).digest().readUInt32LE() / 2 ** 32
}
