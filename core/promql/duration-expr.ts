import type { DurationExpr, DurationNode, Expr } from './ast.ts'
import { LONGEST_DURATION_MS } from './parser/numbers.ts'
import { QueryError } from './query-error.ts'

/** Values of `step()` and `range()`. Both are 0 for an instant query. */
export interface DurationContext {
  readonly stepMs: number
  readonly rangeMs: number
}

/** Whether the duration is the same for all queries. */
export function isConstant(node: DurationNode | undefined): boolean {
  if (node === undefined || node.type === 'numberLiteral') return true
  return node.op !== 'step' && node.op !== 'range' && isConstant(node.lhs) && isConstant(node.rhs)
}

/** Whole ms of a computed duration. Throws a `QueryError` if there is no such duration. `signed`: for an offset. */
export function durationExprMs(expr: DurationExpr, context: DurationContext, signed: boolean): number {
  const ms = Math.trunc(secondsOf(expr, context) * 1000)
  const refuse = (problem: string) => new QueryError('bad_data', `the computed duration ${problem}`, expr.span)
  if (!Number.isFinite(ms))
    throw refuse('is no number; mind divisions by zero, and step() of an instant query, which is 0')
  if (Math.abs(ms) >= LONGEST_DURATION_MS) throw refuse('is longer than 292 years')
  if (ms <= 0 && !signed) throw refuse('must be greater than 0; step() and range() of an instant query are 0')
  return ms
}

/** The expression with all durations as numbers: what {@link DurationExpr} depends on is known now. */
export function resolveDurations(expr: Expr, context: DurationContext): Expr {
  const resolve = <E extends Expr>(inner: E) => resolveDurations(inner, context) as E
  switch (expr.type) {
    case 'vectorSelector':
      return { ...expr, ...offsetOf(expr, context) }
    case 'matrixSelector':
      return { ...expr, selector: resolve(expr.selector), ...rangeOf(expr, context) }
    case 'subquery': {
      const stepMs = expr.stepExpr === undefined ? expr.stepMs : durationExprMs(expr.stepExpr, context, false)
      return { ...expr, expr: resolve(expr.expr), stepMs, ...rangeOf(expr, context), ...offsetOf(expr, context) }
    }
    case 'call':
      return { ...expr, args: expr.args.map(resolve) }
    case 'aggregation':
      return { ...expr, expr: resolve(expr.expr), param: expr.param && resolve(expr.param) }
    case 'binaryExpr':
      return { ...expr, lhs: resolve(expr.lhs), rhs: resolve(expr.rhs) }
    case 'unaryExpr':
    case 'parenExpr':
      return { ...expr, expr: resolve(expr.expr) }
    default:
      return expr
  }
}

function secondsOf(node: DurationNode | undefined, context: DurationContext): number {
  if (node === undefined) return 0
  if (node.type === 'numberLiteral') return node.value
  const lhs = secondsOf(node.lhs, context)
  const rhs = secondsOf(node.rhs, context)
  switch (node.op) {
    case 'step':
      return context.stepMs / 1000
    case 'range':
      return context.rangeMs / 1000
    case 'min_of':
      return Math.min(lhs, rhs)
    case 'max_of':
      return Math.max(lhs, rhs)
    case '+':
      return lhs + rhs
    case '-':
      return lhs - rhs
    case '*':
      return lhs * rhs
    case '/':
      return lhs / rhs
    case '%':
      return lhs % rhs
    case '^':
      return lhs ** rhs
  }
}

function offsetOf(expr: { offsetMs: number; offsetExpr?: DurationExpr | undefined }, context: DurationContext) {
  return { offsetMs: expr.offsetExpr === undefined ? expr.offsetMs : durationExprMs(expr.offsetExpr, context, true) }
}

function rangeOf(expr: { rangeMs: number; rangeExpr?: DurationExpr | undefined }, context: DurationContext) {
  return { rangeMs: expr.rangeExpr === undefined ? expr.rangeMs : durationExprMs(expr.rangeExpr, context, false) }
}
