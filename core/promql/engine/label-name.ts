import type { Expr } from '../ast.ts'
import { QueryError } from '../query-error.ts'

/** Stands in strings where their bytes were no UTF-8. */
const REPLACEMENT = '\ufffd'

/** Throws a {@link QueryError} if the name cannot be a label's. `expr` is its string in the query of text `text`. */
export function checkLabelName(name: string, expr: Expr, text: string): void {
  if (name !== '' && name.isWellFormed() && !name.includes(REPLACEMENT)) return
  // As it was written: bytes that are no text are not in the name any more.
  throw new QueryError('execution', `invalid label name ${text.slice(expr.span.from, expr.span.to)}`, expr.span)
}
