import type { Expr } from './ast.ts'
import type { Label } from './labels.ts'
import { Matcher } from './matcher.ts'
import { mapSelectors } from './walk.ts'

/** The expression, of series that have these labels: every selector gets them as matchers, beside its own. */
export function requireLabels(expr: Expr, required: readonly Label[]): Expr {
  if (required.length === 0) return expr
  const matchers = required.map(([name, value]) => new Matcher(name, '=', value))
  return mapSelectors(expr, selector => ({ ...selector, matchers: [...selector.matchers, ...matchers] }))
}
