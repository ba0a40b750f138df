import type { Expr } from '../../ast.ts'
import { type Label, Labels, METRIC_NAME } from '../../labels.ts'
import { newRow, type Query } from '../query.ts'
import { FLOAT, NONE, type Row } from '../rows.ts'
import type { Times } from '../times.ts'
import { vectorOf } from '../value.ts'
import { rowsArg, type VectorFunction } from './vector-function.ts'

export const absent: VectorFunction = call =>
  vectorOf(absentRows(call.query, call.times, rowsArg(call, 0), call.exprs[0]!))

/** 1 at the times at which no row has a sample, with the labels that the selector asks for. */
export function absentRows(query: Query, times: Times, rows: readonly Row[], selector: Expr): Row[] {
  const row = newRow(query, times, selectedLabels(selector), false)
  row.kinds.fill(FLOAT)
  row.values.fill(1)
  let missing = times.count
  for (const { kinds } of rows) {
    for (let i = 0; i < kinds.length && missing > 0; i++) {
      if (kinds[i] === NONE || row.kinds[i] === NONE) continue
      row.kinds[i] = NONE
      row.values[i] = 0
      missing--
    }
  }
  return missing > 0 ? [row] : []
}

/** Labels that all series of a selector have. None of what is not a selector, or is named by several matchers. */
function selectedLabels(expr: Expr): Labels {
  const selector = expr.type === 'matrixSelector' ? expr.selector : expr
  if (selector.type !== 'vectorSelector') return Labels.NONE
  const seen = new Map<string, number>()
  for (const { name } of selector.matchers) seen.set(name, (seen.get(name) ?? 0) + 1)
  const labels = selector.matchers
    .filter(({ name, op }) => op === '=' && name !== METRIC_NAME && seen.get(name) === 1)
    .map(({ name, value }): Label => [name, value])
  return Labels.of(labels)
}
