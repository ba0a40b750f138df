import { unwrapped } from '../plan.ts'
import { isOddQuantile, quantileOf } from '../quantile.ts'
import { newRow } from '../query.ts'
import { FLOAT, isPresent, type Row } from '../rows.ts'
import { informIgnoredHistogram } from './accumulator.ts'
import { groupsOfCall, type ParameterCall, paramSpan } from './parameter-aggregation.ts'

/** The quantile of each group's floats. */
export async function quantiles(call: ParameterCall): Promise<Row[]> {
  const { query, times, param, expr } = call
  for (const q of new Set(param)) if (isOddQuantile(q)) query.remarks.oddQuantile(paramSpan(call), q)
  const inform = { op: expr.op, span: unwrapped(expr.expr).span, remarks: query.remarks, budget: query.budget }
  const results: Row[] = []
  for (const group of groupsOfCall(call)) {
    const result = newRow(
      query,
      times,
      group.labels,
      group.rows.some(({ dropName }) => dropName)
    )
    if (group.rows.some(({ histograms }) => histograms !== undefined)) informIgnoredHistogram(inform)
    const scratch = new Float64Array(group.rows.length)
    for (let step = 0; step < times.count; step++) {
      if (query.turns.due) await query.turns.next()
      let count = 0
      for (const { kinds, values } of group.rows) {
        if (kinds[step] === FLOAT) scratch[count++] = values[step]!
      }
      if (count === 0) continue
      result.kinds[step] = FLOAT
      result.values[step] = quantileOf(param[step]!, scratch.subarray(0, count))
    }
    if (isPresent(result)) results.push(result)
  }
  return results
}
