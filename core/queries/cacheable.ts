import type { Expr } from '../promql/ast.ts'
import { childrenOf } from '../promql/walk.ts'

/** Their results depend on the range of the query, so those of one range say nothing about another one. */
const OF_THE_RANGE: ReadonlySet<string> = new Set(['start', 'end', 'range', 'step'])

/**
 * How far ahead of its evaluation time a query reads, in ms, by negative offsets. Undefined if results cannot be cached:
 * a time fixed by `@` makes every result depend on one moment.
 */
export function readsAheadMs(expr: Expr): number | undefined {
  let most = 0
  const visit = (part: Expr, ahead: number): boolean => {
    if (part.type === 'call' && OF_THE_RANGE.has(part.func)) return false
    if (isComputed(part)) return false
    let own = ahead
    if (part.type === 'vectorSelector' || part.type === 'subquery') {
      if (part.at !== undefined) return false
      own -= part.offsetMs
      if (part.type === 'vectorSelector') most = Math.max(most, own)
    }
    return childrenOf(part).every(child => visit(child, own))
  }
  return visit(expr, 0) ? most : undefined
}

/** Durations may be computed of the query's range and step, and samples beyond the range may count (experimental). */
function isComputed(part: Expr): boolean {
  if (part.type === 'vectorSelector') return part.offsetExpr !== undefined || part.extension !== undefined
  if (part.type === 'matrixSelector') return part.rangeExpr !== undefined
  if (part.type !== 'subquery') return false
  return part.offsetExpr !== undefined || part.rangeExpr !== undefined || part.stepExpr !== undefined
}
