import type { Aggregation, Call, Expr, MatrixSelector, Subquery, UnaryExpr } from '../ast.ts'
import { METRIC_NAME } from '../labels.ts'
import { Aggregator } from './aggregation/aggregator.ts'
import { aggregate } from './aggregation/index.ts'
import { binary } from './binary/index.ts'
import { absentRows } from './functions/absent.ts'
import { VECTOR_FUNCTIONS } from './functions/index.ts'
import { rowHistogramSamples } from './histogram-samples.ts'
import { infoRows } from './info/info-rows.ts'
import { gridRows, instantRows, timestampRows } from './instant-selector.ts'
import { haveSameMetric } from './merged-rows.ts'
import { negated } from './negation.ts'
import { marginsOf, shiftedTimes, subqueryTimes, unwrapped } from './plan.ts'
import type { Loaded, Query } from './query.ts'
import { rangeFunction } from './range/index.ts'
import type { RangeCall, RangeFunction } from './range/range-function.ts'
import { sampledRow, sampledSeries } from './range/sampled-series.ts'
import { NO_MARGINS } from './range/window.ts'
import { fillRangeRows, informIfNoCounter, type RangeVector, rangeRows, staysUnique } from './range-rows.ts'
import { repeated } from './repeated.ts'
import { CollectedRows, type RowSink } from './row-sink.ts'
import { smoothedRows } from './smoothed-selector.ts'
import { isStepInvariant } from './step-invariance.ts'
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
    const value = await this.#once(expr, times)
    // Values of operands are garbage by now.
    budget.settle(before, sizeOf(value, times))
    return value
  }

  /** The samples of a range selector or subquery that is evaluated at `times`. */
  async rangeVector(expr: MatrixSelector | Subquery, times: Times): Promise<RangeVector> {
    const { settings } = this.#query
    if (expr.type === 'matrixSelector') {
      const selected = this.#series(expr.selector)
      const series = selected.values().map(sampledSeries)
      const sameMetric = haveSameMetric(selected)
      const until = shiftedTimes(expr.selector, times, settings)
      const margins = marginsOf(expr.selector, settings.lookbackMs)
      return { series, sameMetric, until, rangeMs: expr.rangeMs, margins }
    }
    const inner = subqueryTimes(expr, times, settings)
    const until = shiftedTimes(expr, times, settings)
    if (inner.count === 0) return { series: [], sameMetric: true, until, rangeMs: expr.rangeMs, margins: NO_MARGINS }
    this.#query.budget.checkRoom(inner.count)
    const value = await this.evaluate(expr.expr, inner)
    if (value.type !== 'vector') throw new TypeError(`a subquery of a ${value.type}`)
    const innerTimes = allTimes(inner)
    const series = value.rows.values().map(row => sampledRow(row, innerTimes))
    const sameMetric = haveSameMetric(value.rows)
    return { series, sameMetric, until, rangeMs: expr.rangeMs, margins: NO_MARGINS }
  }

  /** What is the same at all times is evaluated for the first one. */
  async #once(expr: Expr, times: Times): Promise<Value> {
    if (times.count === 1 || expr.type === 'numberLiteral' || !isStepInvariant(expr)) return this.#evaluate(expr, times)
    return repeated(this.#query, await this.#evaluate(expr, { ...times, count: 1 }), times)
  }

  async #evaluate(expr: Expr, times: Times): Promise<Value> {
    const computed = this.#computedByStore(expr)
    if (computed !== undefined) return computed
    switch (expr.type) {
      case 'numberLiteral':
        return this.#constant(expr.value, times)
      case 'stringLiteral':
        return { type: 'string', value: expr.value }
      case 'vectorSelector': {
        if (expr.extension === 'smoothed')
          return vectorOf(await smoothedRows(this.#query, expr, this.#series(expr), times))
        const collected = new CollectedRows(this.#query, times)
        await instantRows(this.#query, expr, this.#series(expr), times, collected)
        return vectorOf(collected.rows)
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

  #computedByStore(expr: Expr): VectorValue | undefined {
    const loaded = this.#query.loaded.get(expr)
    if (loaded?.kind !== 'grid') return undefined
    const rows = gridRows(loaded.series)
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
    if (expr.param === undefined) {
      const aggregator = new Aggregator(this.#query, expr, times)
      if (await this.#fill(unwrapped(expr.expr), times, aggregator)) return vectorOf(aggregator.results())
    }
    const param = expr.param === undefined ? undefined : await this.evaluate(expr.param, times)
    const operand = await this.evaluate(expr.expr, times)
    if (operand.type !== 'vector') throw new TypeError(`an aggregation of a ${operand.type}`)
    return vectorOf(await aggregate(this.#query, expr, param, operand.rows, times))
  }

  /** Leaves the rows of a selector or range function in a sink, one after the other. False if it is something else. */
  async #fill(expr: Expr, times: Times, sink: RowSink): Promise<boolean> {
    const query = this.#query
    if (query.loaded.get(expr)?.kind === 'grid') return false
    if (expr.type === 'vectorSelector' && expr.extension === undefined) {
      await instantRows(query, expr, this.#series(expr), times, sink)
      return true
    }
    if (expr.type !== 'call' || expr.func === 'absent_over_time') return false
    const operation = await this.#rangeOperation(expr, times)
    if (operation === undefined) return false
    const { func, call, vector } = operation
    if (staysUnique(query, call, vector)) await fillRangeRows(query, func, call, vector, times, sink)
    else for (const row of await rangeRows(query, func, call, vector, times)) sink.take(row)
    return true
  }

  async #call(expr: Call, times: Times): Promise<Value> {
    const exprs = expr.args.map(unwrapped)
    const operation = await this.#rangeOperation(expr, times)
    if (operation !== undefined) {
      const { func, call, vector, range } = operation
      const rows = await rangeRows(this.#query, func, call, vector, times)
      return vectorOf(expr.func === 'absent_over_time' ? absentRows(this.#query, times, rows, range) : rows)
    }
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

  /** A range function and its arguments. Undefined if the function has no range vector. */
  async #rangeOperation(expr: Call, times: Times): Promise<RangeOperation | undefined> {
    const args = expr.args.map(unwrapped)
    const range = args.find(arg => arg.type === 'matrixSelector' || arg.type === 'subquery')
    if (range === undefined) return undefined
    const func = rangeFunction(expr.func, range.type === 'subquery' ? undefined : range.selector.extension)
    const scalars: Float64Array[] = []
    for (const arg of args) {
      if (arg === range) continue
      const value = await this.evaluate(arg, times)
      if (value.type === 'scalar') scalars.push(value.values)
    }
    const call = { func: expr.func, args, scalars, remarks: this.#query.remarks }
    return { func, call, range, vector: await this.rangeVector(range, times) }
  }
}

interface RangeOperation {
  readonly func: RangeFunction
  readonly call: RangeCall
  readonly range: MatrixSelector | Subquery
  readonly vector: RangeVector
}

function sizeOf(value: Value, times: Times): number {
  if (value.type === 'string') return 0
  if (value.type === 'scalar') return times.count
  return value.rows.reduce((samples, row) => samples + times.count + rowHistogramSamples(row), 0)
}

function nameOf({ selector }: MatrixSelector): string {
  return selector.matchers.find(({ name, op }) => name === METRIC_NAME && op === '=')?.value ?? ''
}
