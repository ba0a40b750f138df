import type { Expr, TimeShift } from '../../ast.ts'
import { METRIC_NAME } from '../../labels.ts'
import { Matcher } from '../../matcher.ts'
import { unwrapped } from '../plan.ts'

/** The metric of an OpenTelemetry resource's attributes. */
const DEFAULT_METRIC = 'target_info'
const NO_SHIFT: TimeShift = { offsetMs: 0, at: undefined }

/** Which info metrics `info` joins, and which of their labels. */
export interface InfoSelection {
  /** Of the info metric's name. */
  readonly names: readonly Matcher[]
  /** Of labels to join. If there are none, all labels are joined. */
  readonly labels: readonly Matcher[]
  /** The modifiers by which info metrics are looked up: those of the series that they are joined to. */
  readonly shift: TimeShift
}

export function infoSelection(args: readonly Expr[]): InfoSelection {
  const selector = args[1] === undefined ? undefined : unwrapped(args[1])
  const matchers = selector?.type === 'vectorSelector' ? selector.matchers : []
  return {
    names: nameMatchers(matchers.filter(({ name }) => name === METRIC_NAME)),
    labels: matchers.filter(({ name }) => name !== METRIC_NAME),
    shift: shiftOf(args[0]!) ?? NO_SHIFT
  }
}

/** Conditions that only exclude names choose among those that end as info metrics do. */
function nameMatchers(given: readonly Matcher[]): readonly Matcher[] {
  if (given.length === 0) return [new Matcher(METRIC_NAME, '=', DEFAULT_METRIC)]
  if (given.some(({ op }) => op === '=' || op === '=~')) return given
  return [new Matcher(METRIC_NAME, '=~', '.+_info'), ...given]
}

/** The modifiers of the first selector, and the offsets of subqueries around it up to the first fixed time. */
function shiftOf(expr: Expr): TimeShift | undefined {
  switch (expr.type) {
    case 'vectorSelector':
      return expr
    case 'matrixSelector':
      return expr.selector
    case 'subquery': {
      const inner = shiftOf(expr.expr)
      if (inner === undefined || inner.at !== undefined) return inner
      return { offsetMs: inner.offsetMs + expr.offsetMs, at: expr.at }
    }
    case 'call':
      return firstShift(expr.args)
    case 'binaryExpr':
      return firstShift([expr.lhs, expr.rhs])
    case 'aggregation':
      return firstShift(expr.param === undefined ? [expr.expr] : [expr.expr, expr.param])
    case 'parenExpr':
    case 'unaryExpr':
      return shiftOf(expr.expr)
    default:
      return undefined
  }
}

function firstShift(exprs: readonly Expr[]): TimeShift | undefined {
  for (const expr of exprs) {
    const shift = shiftOf(expr)
    if (shift !== undefined) return shift
  }
  return undefined
}
