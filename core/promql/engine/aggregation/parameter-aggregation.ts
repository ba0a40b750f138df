import type { Aggregation } from '../../ast.ts'
import { unwrapped } from '../plan.ts'
import { newRow, type Query } from '../query.ts'
import type { Row } from '../rows.ts'
import type { Times } from '../times.ts'
import { type Group, groupLabels, groupsOf } from './grouping.ts'

/** An aggregation with a number, such as the k of `topk`. */
export interface ParameterCall {
  readonly query: Query
  readonly expr: Aggregation
  /** One number for each time. */
  readonly param: Float64Array
  readonly rows: readonly Row[]
  readonly times: Times
}

export function groupsOfCall({ expr, rows }: ParameterCall): Group[] {
  return groupsOf(rows, groupLabels(expr.grouping, expr.without))
}

export function paramSpan({ expr }: ParameterCall) {
  return unwrapped(expr.param!).span
}

/** A row of the same series, from which cells can be left out. */
export function emptyCopy({ query, times }: ParameterCall, row: Row): Row {
  return newRow(query, times, row.labels, row.dropName)
}
