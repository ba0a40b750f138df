import type { BinaryExpr } from '../../ast.ts'
import { unnamedRows } from '../merged-rows.ts'
import type { Query } from '../query.ts'
import { CollectedRows } from '../row-sink.ts'
import { FLOAT, isPresent, NONE, type Row, setHistogram } from '../rows.ts'
import type { Times } from '../times.ts'
import { ARITHMETIC, COMPARISONS } from './float-operators.ts'
import { HistogramOperator, type Operand } from './histogram-operator.ts'

/** An operator between each series and a number. `swapped`: the number is on the left side. */
export async function scalarRows(
  query: Query,
  expr: BinaryExpr,
  rows: readonly Row[],
  numbers: Float64Array,
  swapped: boolean,
  times: Times
): Promise<Row[]> {
  const operation = new ScalarOperation(query, expr, numbers, swapped)
  const collected = new CollectedRows(query, times)
  for (const source of rows) {
    if (query.turns.due) await query.turns.next()
    const row = collected.next(source.labels, source.dropName)
    operation.apply(source, row)
    if (isPresent(row)) collected.take(row)
  }
  const results = collected.rows
  return ARITHMETIC.has(expr.op) || expr.bool ? unnamedRows(query, times, results) : results
}

class ScalarOperation {
  readonly #numbers: Float64Array
  readonly #swapped: boolean
  readonly #bool: boolean
  readonly #arithmetic
  readonly #comparison
  /** False for operators that are for histograms only. */
  readonly #ofFloats: boolean
  readonly #histograms: HistogramOperator

  constructor(query: Query, expr: BinaryExpr, numbers: Float64Array, swapped: boolean) {
    this.#numbers = numbers
    this.#swapped = swapped
    this.#bool = expr.bool
    this.#arithmetic = ARITHMETIC.get(expr.op)
    this.#comparison = COMPARISONS.get(expr.op)
    this.#ofFloats = this.#arithmetic !== undefined || this.#comparison !== undefined
    this.#histograms = new HistogramOperator(expr, query.remarks)
  }

  apply(source: Row, target: Row): void {
    for (let i = 0; i < source.kinds.length; i++) {
      if (source.kinds[i] === NONE) continue
      if (source.kinds[i] === FLOAT && this.#ofFloats) this.#float(source.values[i]!, i, target)
      else this.#other(source, i, target)
    }
  }

  #float(value: number, index: number, target: Row): void {
    const number = this.#numbers[index]!
    const left = this.#swapped ? number : value
    const right = this.#swapped ? value : number
    let result = value
    if (this.#arithmetic !== undefined) result = this.#arithmetic(left, right)
    else {
      const holds = this.#comparison!(left, right)
      if (!holds && !this.#bool) return
      // A comparison without bool keeps the series' value.
      if (this.#bool) result = Number(holds)
    }
    target.kinds[index] = FLOAT
    target.values[index] = result
  }

  /** Comparisons of a histogram with a number have no result. */
  #other(source: Row, index: number, target: Row): void {
    const vector: Operand = { value: source.values[index]!, histogram: source.histograms?.[index] }
    const scalar: Operand = { value: this.#numbers[index]!, histogram: undefined }
    const [left, right] = this.#swapped ? [scalar, vector] : [vector, scalar]
    if (this.#histograms.apply(left, right) === true) setHistogram(target, index, this.#histograms.histogram!)
  }
}
