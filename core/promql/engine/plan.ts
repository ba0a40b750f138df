import type {
  Aggregation,
  AggregationOp,
  AtModifier,
  Call,
  Expr,
  MatrixSelector,
  Subquery,
  VectorSelector
} from '../ast.ts'
import { UNIQUE } from '../functions.ts'
import type { Matcher } from '../matcher.ts'
import type { GridFunction, GridRequest } from '../sample-store.ts'
import { type Margins, NO_MARGINS } from './range/window.ts'
import { lastTime, type Times, timesBetween } from './times.ts'
import { uniqueOperand } from './unique-operand.ts'

/** Functions that stores may compute, by the rules of {@link GridFunction}. */
const GRID_FUNCTIONS: ReadonlySet<string> = new Set([
  'rate',
  'increase',
  'delta',
  'irate',
  'idelta',
  'resets',
  'changes',
  'sum_over_time',
  'count_over_time',
  'avg_over_time',
  'min_over_time',
  'max_over_time',
  'last_over_time',
  'present_over_time'
] satisfies GridFunction[])

/** Functions whose results keep the metric's name. */
const NAMED_RESULTS: ReadonlySet<GridFunction> = new Set(['last', 'last_over_time'] satisfies GridFunction[])

/** Aggregations that stores may compute, beside {@link phiOf quantile}. The others choose series, or have a text. */
const GRID_AGGREGATIONS: ReadonlySet<AggregationOp> = new Set<AggregationOp>([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar'
])

/** A result that a store may compute for `expr`: a selector, a function around it, or an aggregation around that. */
export interface GridDemand {
  readonly expr: Expr
  readonly request: Omit<GridRequest, 'limits'>
}

/** What one selector of the query needs of the store. */
export interface Demand {
  readonly selector: VectorSelector
  /** Most of the work first. Empty if samples are needed. */
  readonly grids: readonly GridDemand[]
  /** Times at which samples are looked for, after all modifiers. */
  readonly times: Times
  /** The function's range, or the lookback. */
  readonly rangeMs: number
  /** Samples around all ranges, for the modifiers `anchored` and `smoothed`. */
  readonly margins: Margins
  readonly func: string | undefined
  /** True if nobody but the store can compute it. */
  readonly isOfStore: boolean
}

/** What times and stores are asked for depends on. */
export interface PlanSettings {
  /** Of the whole query, in Unix ms: `@ start()` and `@ end()`. */
  readonly start: number
  readonly end: number
  readonly lookbackMs: number
  readonly defaultSubqueryStepMs: number
  readonly delayedNameRemoval: boolean
}

/** What is around a selector. */
interface Around {
  readonly times: Times
  readonly func: string | undefined
  readonly call: Call | undefined
  readonly aggregation: Aggregation | undefined
}

/** The selectors of `expr` and the samples that they need for `times`. */
export function demandsOf(expr: Expr, times: Times, settings: PlanSettings): Demand[] {
  const demands: Demand[] = []
  collect(expr, { times, func: undefined, call: undefined, aggregation: undefined }, settings, demands)
  return demands
}

/** Times of the inner expression of a subquery that is evaluated at `outer`: multiples of its step, as far as they are needed. */
export function subqueryTimes(subquery: Subquery, outer: Times, settings: PlanSettings): Times {
  const stepMs = subquery.stepMs ?? settings.defaultSubqueryStepMs
  const at = fixedTime(subquery.at, settings)
  const first = (at ?? outer.start) - subquery.offsetMs - subquery.rangeMs
  const start = (Math.floor(first / stepMs) + 1) * stepMs
  return timesBetween(start, (at ?? lastTime(outer)) - subquery.offsetMs, stepMs)
}

/** The times at which a selector or subquery with these modifiers is evaluated: one only, if it has the modifier `@`. */
export function shiftedTimes(
  shift: { readonly offsetMs: number; readonly at: AtModifier | undefined },
  times: Times,
  settings: PlanSettings
): Times {
  const at = fixedTime(shift.at, settings)
  if (at !== undefined) return timesBetween(at - shift.offsetMs, at - shift.offsetMs, 0)
  return { ...times, start: times.start - shift.offsetMs }
}

/** How far around its ranges a selector looks for samples. */
export function marginsOf({ extension }: VectorSelector, lookbackMs: number): Margins {
  if (extension === undefined) return NO_MARGINS
  return { beforeMs: lookbackMs, afterMs: extension === 'smoothed' ? lookbackMs : 0 }
}

/** `expr` without the parentheses around it. */
export function unwrapped(expr: Expr): Expr {
  return expr.type === 'parenExpr' ? unwrapped(expr.expr) : expr
}

function fixedTime(at: AtModifier | undefined, settings: PlanSettings): number | undefined {
  if (at === 'start') return settings.start
  return at === 'end' ? settings.end : at
}

function collect(expr: Expr, around: Around, settings: PlanSettings, demands: Demand[]): void {
  const inside: Around = { ...around, call: undefined, aggregation: undefined }
  switch (expr.type) {
    case 'vectorSelector':
      demands.push(demandOf(expr, undefined, around, settings))
      return
    case 'matrixSelector':
      demands.push(demandOf(expr.selector, expr, around, settings))
      return
    case 'parenExpr':
      return collect(expr.expr, around, settings, demands)
    case 'unaryExpr':
      return collect(expr.expr, inside, settings, demands)
    case 'subquery': {
      const times = subqueryTimes(expr, around.times, settings)
      if (times.count > 0) collect(expr.expr, { ...inside, times }, settings, demands)
      return
    }
    case 'binaryExpr':
      for (const side of [expr.lhs, expr.rhs]) collect(side, { ...inside, func: undefined }, settings, demands)
      return
    case 'call':
      if (expr.func === UNIQUE) {
        demands.push(uniqueDemand(expr, around.times, settings))
        return
      }
      // The second argument of info is no vector: it chooses what the first one is joined with.
      for (const arg of expr.func === 'info' ? expr.args.slice(0, 1) : expr.args)
        collect(arg, { ...around, func: expr.func, call: expr }, settings, demands)
      return
    case 'aggregation':
      if (expr.param !== undefined) collect(expr.param, inside, settings, demands)
      return collect(expr.expr, { ...inside, func: expr.op, aggregation: expr }, settings, demands)
  }
}

function demandOf(
  selector: VectorSelector,
  matrix: MatrixSelector | undefined,
  around: Around,
  settings: PlanSettings
): Demand {
  const times = shiftedTimes(selector, around.times, settings)
  const rangeMs = matrix?.rangeMs ?? settings.lookbackMs
  const grids = gridDemands(selector, matrix, around, times, rangeMs, settings)
  const margins = marginsOf(selector, settings.lookbackMs)
  return { selector, grids, times, rangeMs, margins, func: around.func, isOfStore: false }
}

function uniqueDemand(call: Call, outer: Times, settings: PlanSettings): Demand {
  const { selector, range, groups } = uniqueOperand(call)
  const times = shiftedTimes(selector, outer, settings)
  const rangeMs = range?.rangeMs ?? settings.lookbackMs
  const request = {
    matchers: selector.matchers,
    func: range === undefined ? ('unique' as const) : ('unique_over_time' as const),
    start: times.start,
    end: lastTime(times),
    stepMs: times.stepMs,
    rangeMs,
    aggregate: groups && { op: 'sum' as const, grouping: groups.grouping, without: groups.without }
  }
  const grids = [{ expr: call, request }]
  return { selector, grids, times, rangeMs, margins: NO_MARGINS, func: call.func, isOfStore: true }
}

function gridDemands(
  selector: VectorSelector,
  matrix: MatrixSelector | undefined,
  around: Around,
  times: Times,
  rangeMs: number,
  settings: PlanSettings
): GridDemand[] {
  const func = gridFunctionOf(matrix, around.call)
  if (func === undefined || selector.extension !== undefined) return []
  const request = {
    matchers: selector.matchers,
    func,
    start: times.start,
    end: lastTime(times),
    stepMs: times.stepMs,
    rangeMs,
    aggregate: undefined
  }
  const expr = matrix === undefined ? selector : around.call!
  const plain = settings.delayedNameRemoval && !NAMED_RESULTS.has(func) ? [] : [{ expr, request }]
  const aggregation = directAggregation(around, expr)
  if (aggregation === undefined || !isAggregable(aggregation, selector.matchers)) return plain
  const { op, grouping, without } = aggregation
  const aggregate = { op, grouping, without, phi: phiOf(aggregation) }
  return [{ expr: aggregation, request: { ...request, aggregate } }, ...plain]
}

/** `last` for an instant selector. Undefined if its samples are needed: `timestamp` is about their times. */
function gridFunctionOf(matrix: MatrixSelector | undefined, call: Call | undefined): GridFunction | undefined {
  if (matrix !== undefined)
    return call !== undefined && GRID_FUNCTIONS.has(call.func) ? (call.func as GridFunction) : undefined
  return call?.func === 'timestamp' ? undefined : 'last'
}

/** The aggregation whose operand is `expr`, and nothing around it. */
function directAggregation(around: Around, expr: Expr): Aggregation | undefined {
  const { aggregation } = around
  return aggregation !== undefined && unwrapped(aggregation.expr) === expr ? aggregation : undefined
}

/** Series of different metrics may become equal without their names: that is an error, and the engine finds it. */
function isAggregable(aggregation: Aggregation, matchers: readonly Matcher[]): boolean {
  if (!GRID_AGGREGATIONS.has(aggregation.op) && phiOf(aggregation) === undefined) return false
  return matchers.some(({ name, op, value }) => name === '__name__' && op === '=' && value !== '')
}

/** The parameter of `quantile` if it is a number within its bounds. Users are warned of others, by the engine. */
function phiOf({ op, param }: Aggregation): number | undefined {
  const phi = op === 'quantile' && param !== undefined ? unwrapped(param) : undefined
  return phi?.type === 'numberLiteral' && phi.value >= 0 && phi.value <= 1 ? phi.value : undefined
}
