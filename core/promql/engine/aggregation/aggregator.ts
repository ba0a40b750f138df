import type { Aggregation } from '../../ast.ts'
import type { Labels } from '../../labels.ts'
import { rowHistogramSamples } from '../histogram-samples.ts'
import { unwrapped } from '../plan.ts'
import { newRow, type Query } from '../query.ts'
import type { RowSink } from '../row-sink.ts'
import { isPresent, NONE, type Row } from '../rows.ts'
import type { Times } from '../times.ts'
import type { Accumulator, AggregationCall } from './accumulator.ts'
import { ACCUMULATORS, type CreateAccumulator } from './accumulators.ts'
import { type GroupLabels, groupLabels } from './grouping.ts'

interface Group {
  readonly labels: Labels
  readonly accumulator: Accumulator
  dropName: boolean
}

/** Aggregates rows as they come: only the groups are in memory, and one row. */
export class Aggregator implements RowSink {
  readonly #query: Query
  readonly #times: Times
  readonly #call: AggregationCall
  readonly #create: CreateAccumulator
  readonly #labelsOf: GroupLabels
  readonly #groups = new Map<string, Group>()
  #row: Row | undefined

  /** The aggregation has no parameter. */
  constructor(query: Query, expr: Aggregation, times: Times) {
    const create = ACCUMULATORS.get(expr.op)
    if (create === undefined) throw new TypeError(`no aggregation ${expr.op} without a parameter`)
    this.#query = query
    this.#times = times
    this.#call = { op: expr.op, span: unwrapped(expr.expr).span, remarks: query.remarks, budget: query.budget }
    this.#create = create
    this.#labelsOf = groupLabels(expr.grouping, expr.without)
  }

  next(labels: Labels, dropName: boolean): Row {
    const used = this.#row ?? newRow(this.#query, this.#times, labels, dropName)
    used.kinds.fill(NONE)
    used.values.fill(0)
    this.#row = { ...used, labels, dropName, histograms: undefined }
    return this.#row
  }

  take(row: Row): void {
    const group = this.#groupOf(this.#labelsOf(row.labels))
    group.accumulator.add(row)
    if (row.dropName) group.dropName = true
  }

  /** One row for each group. */
  results(): Row[] {
    const results: Row[] = []
    for (const { labels, accumulator, dropName } of this.#groups.values()) {
      const row = newRow(this.#query, this.#times, labels, dropName)
      accumulator.finish(row)
      this.#query.budget.take(rowHistogramSamples(row))
      if (isPresent(row)) results.push(row)
    }
    return results
  }

  #groupOf(labels: Labels): Group {
    const known = this.#groups.get(labels.key)
    if (known !== undefined) return known
    this.#query.budget.take(this.#times.count)
    const group = { labels, accumulator: this.#create(this.#times.count, this.#call), dropName: false }
    this.#groups.set(labels.key, group)
    return group
  }
}
