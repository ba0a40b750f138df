import type { Aggregation, Call, Expr, MatrixSelector, Subquery, UnaryExpr } from '../ast.ts'
import { METRIC_NAME } from '../labels.ts'
import { aggregate } from './aggregation/index.ts'
import { binary } from './binary/index.ts'
import { absentRows } from './functions/absent.ts'
import { VECTOR_FUNCTIONS } from './functions/index.ts'
import { infoRows } from './info/info-rows.ts'
import { gridRows, instantRows, timestampRows } from './instant-selector.ts'
import { negated } from './negation.ts'
import { shiftedTimes, subqueryTimes, unwrapped } from './plan.ts'
import type { Loaded, Query } from './query.ts'
import { RANGE_FUNCTIONS } from './range/index.ts'
import { sampledRow, sampledSeries } from './range/sampled-series.ts'
import { informIfNoCounter, type RangeVector, rangeRows } from './range-rows.ts'
import { allTimes, type Times } from './times.ts'
import { type ScalarValue, type Value, type VectorValue, vectorOf } from './value.ts'

/** Evaluates the nodes of a query, each at all its times at once. */
export class Evaluator {
  readonly #query: Query

  constructor(query: Query) {
    this.#query = query
  }

  /** Rejects with a `QueryError`. Range vectors have no value by themselves: see {@link rangeVector}. */
  async evaluate(expr: Expr, times: Times): Promise<Value> {
    const { budget, turns } = this.#query
    turns.check()
    if (turns.due) await turns.next()
    const before = budget.current
    const value = await this.#evaluate(expr, times)
    // Values of operands are garbage by now.
    budget.settle(before, sizeOf(value, times))
    return value
  }

  /** The samples of a range selector or subquery that is evaluated at `times`. */
  async rangeVector(expr: MatrixSelector | Subquery, times: Times): Promise<RangeVector> {
    const { settings } = this.#query
    if (expr.type === 'matrixSelector') {
      const series = this.#series(expr.selector)
      const until = shiftedTimes(expr.selector, times, settings)
      return { series: series.values().map(sampledSeries), until, rangeMs: expr.rangeMs }
    }
    const inner = subqueryTimes(expr, times, settings)
    const until = shiftedTimes(expr, times, settings)
    if (inner.count === 0) return { series: [], until, rangeMs: expr.rangeMs }
    const value = await this.evaluate(expr.expr, inner)
    if (value.type !== 'vector') throw new TypeError(`a subquery of a ${value.type}`)
    const innerTimes = allTimes(inner)
    return { series: value.rows.values().map(row => sampledRow(row, innerTimes)), until, rangeMs: expr.rangeMs }
  }

  async #evaluate(expr: Expr, times: Times): Promise<Value> {
    const computed = this.#computedByStore(expr, times)
    if (computed !== undefined) return computed
    switch (expr.type) {
      case 'numberLiteral':
        return this.#constant(expr.value, times)
      case 'stringLiteral':
        return { type: 'string', value: expr.value }
      case 'vectorSelector': {
        const rows = await instantRows(this.#query, expr, this.#series(expr), times)
        return vectorOf(rows)
      }
      case 'parenExpr':
        return this.evaluate(expr.expr, times)
      case 'unaryExpr':
        return this.#unary(expr, times)
      case 'binaryExpr': {
        const lhs = await this.evaluate(expr.lhs, times)
        const rhs = await this.evaluate(expr.rhs, times)
        return binary(this.#query, expr, lhs, rhs, times)
      }
      case 'aggregation':
        return this.#aggregation(expr, times)
      case 'call':
        return this.#call(expr, times)
      case 'matrixSelector':
      case 'subquery':
        throw new TypeError('a range vector is an argument of range functions only')
    }
  }

  #computedByStore(expr: Expr, times: Times): VectorValue | undefined {
    const loaded = this.#query.loaded.get(expr)
    if (loaded?.kind !== 'grid') return undefined
    const rows = gridRows(this.#query, loaded.series, loaded.times, times)
    const call = expr.type === 'aggregation' ? unwrapped(expr.expr) : expr
    if (rows.length > 0 && call.type === 'call') {
      const arg = unwrapped(call.args[0]!)
      const name = arg.type === 'matrixSelector' ? nameOf(arg) : ''
      informIfNoCounter(this.#query, call.func, name, arg.span)
    }
    return vectorOf(rows)
  }

  #series(selector: Expr): Extract<Loaded, { kind: 'series' }>['series'] {
    const loaded = this.#query.loaded.get(selector)
    // Nothing is asked for a subquery without evaluation times.
    return loaded?.kind === 'series' ? loaded.series : []
  }

  #constant(value: number, times: Times): ScalarValue {
    this.#query.budget.take(times.count)
    return { type: 'scalar', values: new Float64Array(times.count).fill(value) }
  }

  async #unary(expr: UnaryExpr, times: Times): Promise<Value> {
    const value = await this.evaluate(expr.expr, times)
    return expr.op === '-' ? negated(this.#query, value, times) : value
  }

  async #aggregation(expr: Aggregation, times: Times): Promise<Value> {
    const param = expr.param === undefined ? undefined : await this.evaluate(expr.param, times)
    const operand = await this.evaluate(expr.expr, times)
    if (operand.type !== 'vector') throw new TypeError(`an aggregation of a ${operand.type}`)
    return vectorOf(await aggregate(this.#query, expr, param, operand.rows, times))
  }

  async #call(expr: Call, times: Times): Promise<Value> {
    const exprs = expr.args.map(unwrapped)
    const range = exprs.find(arg => arg.type === 'matrixSelector' || arg.type === 'subquery')
    if (range !== undefined) return vectorOf(await this.#rangeCall(expr, exprs, range, times))
    const [first] = exprs
    if (expr.func === 'timestamp' && first?.type === 'vectorSelector')
      return vectorOf(await timestampRows(this.#query, first, this.#series(first), times))
    if (expr.func === 'info') return this.#info(expr, exprs[0]!, times)
    const args: Value[] = []
    for (const arg of exprs) args.push(await this.evaluate(arg, times))
    const func = VECTOR_FUNCTIONS.get(expr.func)
    if (func === undefined) throw new TypeError(`no function ${expr.func}`)
    return func({ func: expr.func, span: expr.span, exprs, args, query: this.#query, times })
  }

  async #info(expr: Call, operand: Expr, times: Times): Promise<VectorValue> {
    const value = await this.evaluate(operand, times)
    if (value.type !== 'vector') throw new TypeError(`info of a ${value.type}`)
    return vectorOf(await infoRows(this.#query, expr, value.rows, times))
  }

  async #rangeCall(expr: Call, args: readonly Expr[], range: MatrixSelector | Subquery, times: Times) {
    const func = RANGE_FUNCTIONS.get(expr.func)
    if (func === undefined) throw new TypeError(`no function ${expr.func} of range vectors`)
    const scalars: Float64Array[] = []
    for (const arg of args) {
      if (arg === range) continue
      const value = await this.evaluate(arg, times)
      if (value.type === 'scalar') scalars.push(value.values)
    }
    const vector = await this.rangeVector(range, times)
    const call = { func: expr.func, args, scalars, remarks: this.#query.remarks }
    const rows = await rangeRows(this.#query, func, call, vector, times)
    return expr.func === 'absent_over_time' ? absentRows(this.#query, times, rows, range) : rows
  }
}

function sizeOf(value: Value, times: Times): number {
  if (value.type === 'string') return 0
  return value.type === 'scalar' ? times.count : value.rows.length * times.count
}

function nameOf({ selector }: MatrixSelector): string {
  return selector.matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value ?? ''
}
