import type { Aggregation, Call, Expr, MatrixSelector, VectorSelector } from '../ast.ts'
import { QueryError } from '../query-error.ts'

/** The sets that `weir_unique` counts. */
export interface UniqueOperand {
  readonly selector: VectorSelector
  /** Undefined: the last set of each series, within the lookback. */
  readonly range: MatrixSelector | undefined
  /** Sets of a group are united. Undefined: each series is its own. */
  readonly groups: Pick<Aggregation, 'grouping' | 'without'> | undefined
}

/**
 * A set cannot be a value of PromQL. So the functions that unite sets are read together with the one that counts them: a
 * sum over time or over series. Throws a `QueryError` for other operands.
 */
export function uniqueOperand(call: Call): UniqueOperand {
  const operand = inner(call.args[0]!)
  const groups = operand.type === 'aggregation' && operand.op === 'sum' ? operand : undefined
  const sets = groups === undefined ? operand : inner(groups.expr)
  if (sets.type === 'vectorSelector') return { selector: sets, range: undefined, groups }
  const range = sets.type === 'call' && sets.func === 'sum_over_time' ? inner(sets.args[0]!) : undefined
  if (range?.type === 'matrixSelector') return { selector: range.selector, range, groups }
  throw new QueryError(
    'bad_data',
    `${call.func} counts the members of sets: a selector, sum_over_time() of one, or sum by (…) of either, as in ${call.func}(sum by (plan) (sum_over_time(users_unique[1h])))`,
    call.span
  )
}

function inner(expr: Expr): Expr {
  return expr.type === 'parenExpr' ? inner(expr.expr) : expr
}
