import type { Expr, Subquery, VectorSelector } from '../../../../core/promql/ast.ts'

/** Their results depend on the evaluation time, even if all their selectors have a fixed one. */
const OF_THE_TIME: ReadonlySet<string> = new Set([
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'days_in_month',
  'end',
  'hour',
  'minute',
  'month',
  'predict_linear',
  'range',
  'start',
  'step',
  'time',
  'timestamp',
  'year'
])

/**
 * The expression with `@` in all selectors and subqueries that have none, so that it has the same result at any time.
 * Undefined if some function prevents that.
 */
export function atFixedTime(expr: Expr, at: number): Expr | undefined {
  return dependsOnTime(expr) ? undefined : fixed(expr, at)
}

function dependsOnTime(expr: Expr): boolean {
  switch (expr.type) {
    case 'call':
      return OF_THE_TIME.has(expr.func) || expr.args.some(dependsOnTime)
    case 'aggregation':
      return dependsOnTime(expr.expr) || (expr.param !== undefined && dependsOnTime(expr.param))
    case 'binaryExpr':
      return dependsOnTime(expr.lhs) || dependsOnTime(expr.rhs)
    case 'subquery':
    case 'unaryExpr':
    case 'parenExpr':
      return dependsOnTime(expr.expr)
    default:
      return false
  }
}

function fixed(expr: Expr, at: number): Expr {
  switch (expr.type) {
    case 'vectorSelector':
      return shifted(expr, at)
    case 'matrixSelector':
      return { ...expr, selector: shifted(expr.selector, at) }
    case 'subquery':
      return shifted(expr, at)
    case 'call':
      return { ...expr, args: expr.args.map(arg => fixed(arg, at)) }
    case 'aggregation':
      return { ...expr, expr: fixed(expr.expr, at), param: expr.param && fixed(expr.param, at) }
    case 'binaryExpr':
      return { ...expr, lhs: fixed(expr.lhs, at), rhs: fixed(expr.rhs, at) }
    case 'unaryExpr':
    case 'parenExpr':
      return { ...expr, expr: fixed(expr.expr, at) }
    default:
      return expr
  }
}

function shifted<T extends VectorSelector | Subquery>(expr: T, at: number): T {
  return { ...expr, at: expr.at ?? at }
}
