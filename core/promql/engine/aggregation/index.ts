import type { Aggregation, AggregationOp } from '../../ast.ts'
import { rowHistogramSamples } from '../histogram-samples.ts'
import { unwrapped } from '../plan.ts'
import { newRow, type Query } from '../query.ts'
import { isPresent, type Row } from '../rows.ts'
import type { Times } from '../times.ts'
import type { Value } from '../value.ts'
import type { AggregationCall } from './accumulator.ts'
import { ACCUMULATORS } from './accumulators.ts'
import { countValues } from './count-values.ts'
import { groupLabels, groupsOf } from './grouping.ts'
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
  const create = ACCUMULATORS.get(expr.op)
  if (create === undefined) throw new TypeError(`no aggregation ${expr.op}`)
  const call: AggregationCall = { op: expr.op, span: unwrapped(expr.expr).span, remarks: query.remarks }
  const results: Row[] = []
  for (const group of groupsOf(rows, groupLabels(expr.grouping, expr.without))) {
    const row = newRow(
      query,
      times,
      group.labels,
      group.rows.some(({ dropName }) => dropName)
    )
    const accumulator = create(times.count, call)
    for (const member of group.rows) {
      if (query.turns.due) await query.turns.next()
      accumulator.add(member)
    }
    accumulator.finish(row)
    query.budget.take(rowHistogramSamples(row))
    if (isPresent(row)) results.push(row)
  }
  return results
}
