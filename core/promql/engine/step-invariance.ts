import type { Call, Expr } from '../ast.ts'
import { unwrapped } from './plan.ts'

/** Functions whose result depends on the evaluation time as well as on their arguments. */
const TIMED: ReadonlySet<string> = new Set(['time', 'timestamp', 'predict_linear'])
/** Without an argument they are about the evaluation time. */
const DATES: ReadonlySet<string> = new Set([
  'year',
  'month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'days_in_month',
  'hour',
  'minute'
])

/** True if the value is the same at all evaluation times: its selectors have the modifier `@`, or it has none. */
export function isStepInvariant(expr: Expr): boolean {
  switch (expr.type) {
    case 'numberLiteral':
    case 'stringLiteral':
      return true
    case 'vectorSelector':
    case 'subquery':
      return expr.at !== undefined
    case 'matrixSelector':
      return expr.selector.at !== undefined
    case 'parenExpr':
    case 'unaryExpr':
      return isStepInvariant(expr.expr)
    case 'binaryExpr':
      return isStepInvariant(expr.lhs) && isStepInvariant(expr.rhs)
    case 'aggregation':
      return isStepInvariant(expr.expr) && (expr.param === undefined || isStepInvariant(expr.param))
    case 'call':
      return isInvariantCall(expr)
  }
}

function isInvariantCall({ func, args }: Call): boolean {
  // The time of a selector's sample is not the evaluation time.
  if (func === 'timestamp' && unwrapped(args[0]!).type === 'vectorSelector') return isStepInvariant(unwrapped(args[0]!))
  if (TIMED.has(func) || (DATES.has(func) && args.length === 0)) return false
  // The second argument of info is no vector.
  return func === 'info' ? isStepInvariant(args[0]!) : args.every(isStepInvariant)
}
