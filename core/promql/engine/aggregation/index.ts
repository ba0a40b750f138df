import type { Aggregation, AggregationOp } from '../../ast.ts'
import type { Query } from '../query.ts'
import type { Row } from '../rows.ts'
import type { Times } from '../times.ts'
import type { Value } from '../value.ts'
import { Aggregator } from './aggregator.ts'
import { countValues } from './count-values.ts'
import { limitByCount, limitByRatio } from './limit.ts'
import type { ParameterCall } from './parameter-aggregation.ts'
import { quantiles } from './quantiles.ts'
import { bottomRows, topRows } from './top.ts'

type ParameterAggregation = (call: ParameterCall) => Promise<Row[]>

/** Aggregations with a number, by name. */
const BY_PARAMETER: ReadonlyMap<AggregationOp, ParameterAggregation> = new Map<AggregationOp, ParameterAggregation>([
  ['topk', topRows],
  ['bottomk', bottomRows],
  ['limitk', limitByCount],
  ['limit_ratio', limitByRatio],
  ['quantile', quantiles]
])

/** One row for each group; or rows of the operand, for aggregations that choose some of them. */
export async function aggregate(
  query: Query,
  expr: Aggregation,
  param: Value | undefined,
  rows: readonly Row[],
  times: Times
): Promise<Row[]> {
  if (param?.type === 'string') return countValues(query, expr, param.value, rows, times)
  const byParameter = BY_PARAMETER.get(expr.op)
  if (byParameter !== undefined && param?.type === 'scalar')
    return byParameter({ query, expr, param: param.values, rows, times })
  return accumulate(query, expr, rows, times)
}

async function accumulate(query: Query, expr: Aggregation, rows: readonly Row[], times: Times): Promise<Row[]> {
  const aggregator = new Aggregator(query, expr, times)
  for (const row of rows) {
    if (query.turns.due) await query.turns.next()
    aggregator.take(row)
  }
  return aggregator.results()
}
