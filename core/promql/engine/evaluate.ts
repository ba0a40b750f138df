import type { Expr } from '../ast.ts'
import { resolveDurations } from '../duration-expr.ts'
import { QueryError } from '../query-error.ts'
import type { SampleStore } from '../sample-store.ts'
import { documentedType, valueTypeOf } from '../value-type.ts'
import { CellSlab } from './cell-slab.ts'
import { Evaluator } from './evaluator.ts'
import { load } from './load.ts'
import { mergedRows, withoutMetricLabels } from './merged-rows.ts'
import { demandsOf, unwrapped } from './plan.ts'
import type { EvaluationOptions, Query } from './query.ts'
import { QueryRemarks } from './remarks.ts'
import { instantResult, matrixResult, type ResultValue, rangeResult } from './result.ts'
import { SampleBudget } from './sample-budget.ts'
import { type Times, timesBetween } from './times.ts'
import { Turns } from './turns.ts'
import { type Value, vectorOf } from './value.ts'

export type { EvaluationOptions } from './query.ts'
export type { ResultSeries, ResultValue, VectorSample } from './result.ts'

/** Evaluation times in Unix ms. `stepMs` is 0 for an instant query, of which start and end are the same. */
export interface EvaluationRange {
  readonly start: number
  readonly end: number
  readonly stepMs: number
}

export interface QueryStatistics {
  /** Samples that selectors and functions looked at, at all evaluation times together. */
  readonly samplesRead: number
  /** The most samples in memory at one time. Those of the store that the query asked for are part of them. */
  readonly peakSamples: number
}

export interface QueryResult {
  readonly value: ResultValue
  /** Each once, in Prometheus's words. */
  readonly warnings: readonly string[]
  readonly infos: readonly string[]
  readonly statistics: QueryStatistics
}

/**
 * Evaluates a PromQL expression with the semantics of Prometheus 3.14. All samples are loaded at first, then nodes are
 * evaluated one after the other, each at all times. Rejects with a {@link QueryError}.
 */
export async function evaluate(
  expr: Expr,
  range: EvaluationRange,
  store: SampleStore,
  options: EvaluationOptions
): Promise<QueryResult> {
  checkRange(expr, range)
  const budget = new SampleBudget(options.limits, options.total)
  try {
    return await evaluateWithin(budget, expr, range, store, options)
  } finally {
    budget.end()
  }
}

async function evaluateWithin(
  budget: SampleBudget,
  expr: Expr,
  range: EvaluationRange,
  store: SampleStore,
  options: EvaluationOptions
): Promise<QueryResult> {
  const times = timesBetween(range.start, range.end, range.stepMs)
  // The evaluation times alone may be too many.
  budget.checkRoom(times.count)
  const remarks = new QueryRemarks(options.text)
  const turns = new Turns(options.signal)
  turns.check()
  const resolved = resolveDurations(expr, { stepMs: range.stepMs, rangeMs: range.end - range.start })
  const { lookbackMs, defaultSubqueryStepMs, delayedNameRemoval } = options
  const settings = { start: range.start, end: range.end, lookbackMs, defaultSubqueryStepMs, delayedNameRemoval }
  const loaded = await load(demandsOf(resolved, times, settings), { store, options, remarks, budget })
  const slab = new CellSlab()
  const query: Query = { options, store, settings, stepMs: range.stepMs, remarks, budget, slab, turns, loaded }
  const value = await resultOf(query, resolved, times)
  const { warnings, infos } = remarks
  return { value, warnings, infos, statistics: { samplesRead: budget.read, peakSamples: budget.peak } }
}

function checkRange(expr: Expr, { start, end, stepMs }: EvaluationRange): void {
  if (end < start) throw new QueryError('bad_data', 'the end of a range query is before its start')
  if (stepMs === 0 && start !== end) throw new QueryError('bad_data', 'a range query needs a step above 0')
  const type = valueTypeOf(expr)
  if (stepMs === 0 || type === 'scalar' || type === 'vector') return
  throw new QueryError(
    'bad_data',
    `invalid expression type "${documentedType(type)}" for range query, must be Scalar or instant Vector`,
    expr.span
  )
}

async function resultOf(query: Query, expr: Expr, times: Times): Promise<ResultValue> {
  const evaluator = new Evaluator(query)
  const inner = unwrapped(expr)
  if (inner.type === 'matrixSelector' || inner.type === 'subquery') {
    const extension = inner.type === 'matrixSelector' ? inner.selector.extension : undefined
    return rangeResult(await evaluator.rangeVector(inner, times), extension)
  }
  const value = withoutDroppedNames(query, await evaluator.evaluate(expr, times), times)
  return query.stepMs === 0 ? instantResult(value, times) : matrixResult(value, times)
}

/** The end of `delayedNameRemoval`. */
function withoutDroppedNames(query: Query, value: Value, times: Times): Value {
  if (value.type !== 'vector' || !value.rows.some(({ dropName }) => dropName)) return value
  const rows = value.rows.map(row => (row.dropName ? { ...row, labels: withoutMetricLabels(row.labels) } : row))
  return vectorOf(mergedRows(query, times, rows))
}
