import type { Expr } from '../ast.ts'
import type { Labels } from '../labels.ts'
import type { GridSeries, QueryLimits, SampleStore, SelectedSeries } from '../sample-store.ts'
import type { CellSlab } from './cell-slab.ts'
import type { PlanSettings } from './plan.ts'
import type { QueryRemarks } from './remarks.ts'
import type { Row } from './rows.ts'
import type { SampleBudget, SampleTotal } from './sample-budget.ts'
import type { Times } from './times.ts'
import type { Turns } from './turns.ts'

export interface EvaluationOptions {
  /** The query's text, in which remarks name places. */
  readonly text: string
  /** How long an instant selector finds a sample that is not followed by another. */
  readonly lookbackMs: number
  /** Step of subqueries that name none. */
  readonly defaultSubqueryStepMs: number
  readonly limits: QueryLimits
  /** Samples of this and other queries. Undefined if nobody bounds them. */
  readonly total?: SampleTotal | undefined
  /**
   * Names of metrics are dropped at the end of the query, not by each function: Prometheus's feature
   * `promql-delayed-name-removal`, which is off by default.
   */
  readonly delayedNameRemoval: boolean
  /** Ends the query: a `QueryError` as its reason is thrown as it is. */
  readonly signal: AbortSignal
}

/** What the stores answered for one place of the query. */
export type Loaded =
  | { readonly kind: 'series'; readonly series: readonly SelectedSeries[] }
  | { readonly kind: 'grid'; readonly series: readonly GridSeries[] }

/** State of one query while it is evaluated. */
export interface Query {
  readonly options: EvaluationOptions
  readonly store: SampleStore
  readonly settings: PlanSettings
  /** Of the whole query; 0 if it has one time only. */
  readonly stepMs: number
  readonly remarks: QueryRemarks
  readonly budget: SampleBudget
  readonly slab: CellSlab
  readonly turns: Turns
  /** By selector, or by the function or aggregation around it if the store computes that. */
  readonly loaded: ReadonlyMap<Expr, Loaded>
}

/** An empty row of `times`. Counted as its samples, before they are made. */
export function newRow(query: Query, times: Times, labels: Labels, dropName: boolean): Row {
  query.budget.take(times.count)
  const { values, kinds } = query.slab.cells(times.count)
  return { labels, dropName, values, kinds, histograms: undefined }
}
