import type { BinaryExpr, VectorMatching } from '../../ast.ts'
import type { Labels } from '../../labels.ts'
import { histogramSamples } from '../histogram-samples.ts'
import { sameLabelsError, withoutMetricLabels } from '../merged-rows.ts'
import { newRow, type Query } from '../query.ts'
import { FLOAT, isPresent, NONE, type Row, setHistogram } from '../rows.ts'
import type { Times } from '../times.ts'
import { manyMatchesError } from './duplicates.ts'
import { ARITHMETIC, COMPARISONS } from './float-operators.ts'
import { HistogramOperator, type Operand } from './histogram-operator.ts'
import type { MatchGroup } from './match-group.ts'

/** Applies an operator to pairs of rows, and collects their results. */
export class PairOperation {
  readonly #query: Query
  readonly #expr: BinaryExpr
  readonly #matching: VectorMatching
  readonly #times: Times
  readonly #arithmetic
  readonly #comparison
  readonly #histograms: HistogramOperator
  readonly #names: ReadonlySet<string>
  readonly #results = new Map<string, Row>()
  /** Where the current group has a match. Many-to-one: by the result's labels. */
  #taken: Map<string, Uint8Array> | undefined

  constructor(query: Query, expr: BinaryExpr, times: Times) {
    this.#query = query
    this.#expr = expr
    this.#matching = expr.matching!
    this.#times = times
    this.#arithmetic = ARITHMETIC.get(expr.op)
    this.#comparison = COMPARISONS.get(expr.op)
    this.#histograms = new HistogramOperator(expr, query.remarks)
    this.#names = new Set(expr.matching!.labels)
  }

  get results(): Row[] {
    return Array.from(this.#results.values()).filter(isPresent)
  }

  begin(group: MatchGroup): void {
    // One row of many matches once at a time at most.
    this.#taken = group.many.length > 1 ? new Map() : undefined
  }

  /** Throws a `QueryError` if a match is not unique. */
  apply(many: Row, one: Row): void {
    const labels = this.#labelsOf(many.labels, one.labels)
    const target = this.#targetOf(labels, many)
    const taken = this.#takenBy(labels)
    const [left, right] = this.#matching.card === 'one-to-many' ? [one, many] : [many, one]
    for (let i = 0; i < this.#times.count; i++) {
      if (left.kinds[i] === NONE || right.kinds[i] === NONE) continue
      const holds = this.#compute(left, right, i)
      if (holds === undefined) continue
      if (taken?.[i] === 1) throw manyMatchesError(this.#matching)
      if (taken !== undefined) taken[i] = 1
      if (holds || this.#expr.bool) this.#set(target, i, holds)
    }
  }

  #value = 0

  /** Leaves the result aside. True if there is one, and for comparisons, if it holds. Undefined if there is none. */
  #compute(left: Row, right: Row, index: number): boolean | undefined {
    const a = left.values[index]!
    const b = right.values[index]!
    if (left.kinds[index] === FLOAT && right.kinds[index] === FLOAT) {
      this.#histograms.histogram = undefined
      if (this.#arithmetic !== undefined) {
        this.#value = this.#arithmetic(a, b)
        return true
      }
      this.#value = a
      if (this.#comparison !== undefined) return this.#comparison(a, b)
    }
    const first: Operand = { value: a, histogram: left.histograms?.[index] }
    return this.#histograms.apply(first, { value: b, histogram: right.histograms?.[index] })
  }

  #set(target: Row, index: number, holds: boolean): void {
    if (target.kinds[index] !== NONE) throw sameLabelsError()
    const { histogram } = this.#histograms
    if (histogram !== undefined && !this.#expr.bool) {
      this.#query.budget.take(histogramSamples(histogram))
      return setHistogram(target, index, histogram)
    }
    target.kinds[index] = FLOAT
    target.values[index] = this.#expr.bool ? Number(holds) : this.#value
  }

  #targetOf(labels: Labels, many: Row): Row {
    const known = this.#results.get(labels.key)
    if (known !== undefined) return known
    const row = newRow(this.#query, this.#times, labels, this.#expr.bool || many.dropName)
    this.#results.set(labels.key, row)
    return row
  }

  #takenBy(labels: Labels): Uint8Array | undefined {
    if (this.#taken === undefined) return undefined
    const key = this.#matching.card === 'one-to-one' ? '' : labels.key
    const known = this.#taken.get(key)
    if (known !== undefined) return known
    const taken = new Uint8Array(this.#times.count)
    this.#taken.set(key, taken)
    return taken
  }

  /** Labels of the side of many, without the metric's name if the result is not the metric, with those to include. */
  #labelsOf(many: Labels, one: Labels): Labels {
    const { card, on, include } = this.#matching
    const { bool } = this.#expr
    const isNew = this.#arithmetic !== undefined || (bool && !this.#query.options.delayedNameRemoval)
    const kept = isNew ? withoutMetricLabels(many) : many
    if (card === 'one-to-one') return on ? kept.only(this.#names) : kept.without(this.#names)
    return include.length === 0 ? kept : kept.with(include.map(name => [name, one.get(name)]))
  }
}
