import type { Expr, VectorSelector } from '../ast.ts'
import type { Matcher } from '../matcher.ts'
import { Cursor } from './cursor.ts'
import { readExpression } from './expression.ts'
import { parseError } from './parse-error.ts'
import { readSelector, selectsSomething } from './selector.ts'

/** In UTF-16 units. Dashboards write long lists of values into one regular expression; a megabyte is no query of theirs. */
const LONGEST_QUERY = 2 ** 20

export interface ParseOptions {
  /** Whether to accept what Prometheus 3.14 has behind feature flags. False by default. */
  readonly experimental?: boolean
}

/**
 * The syntax tree of a PromQL expression, with all types checked. Throws a `QueryError` of kind `bad_data` that names the
 * place. Takes time linear in the text, and depth of the stack up to a bound.
 */
export function parse(text: string, { experimental = false }: ParseOptions = {}): Expr {
  const cursor = open(text, experimental)
  if (cursor.token.kind === 'end') throw cursor.error(cursor.token, 'no expression found in input')
  const expr = readExpression(cursor)
  expectEnd(cursor, 'operator or end of input')
  return expr
}

/** The matchers of a selector without modifiers, such as the parameter `match[]` of the Prometheus API. */
export function parseSelector(text: string): readonly Matcher[] {
  const cursor = open(text, false)
  const selector = readWhole(cursor)
  if (!selectsSomething(selector))
    throw cursor.error(
      selector.span,
      'the selector must contain at least one non-empty matcher; {__name__=~".+"} is all series'
    )
  return selector.matchers
}

/** As {@link parseSelector}, also if all matchers accept an absent label, such as `{plan!="free"}`. */
export function parseMatchers(text: string): readonly Matcher[] {
  return readWhole(open(text, false)).matchers
}

function readWhole(cursor: Cursor): VectorSelector {
  const name = cursor.token.kind === 'identifier' ? cursor.take() : undefined
  if (name === undefined && !cursor.at('{')) throw cursor.unexpected('selector', 'metric name or "{"')
  const selector = readSelector(cursor, name)
  expectEnd(cursor, 'end of input')
  return selector
}

function open(text: string, experimental: boolean): Cursor {
  if (text.length > LONGEST_QUERY)
    throw parseError(
      text.slice(0, 1),
      { from: 0, to: text.length },
      `the query is longer than ${LONGEST_QUERY} characters`
    )
  return new Cursor(text, experimental)
}

function expectEnd(cursor: Cursor, expected: string): void {
  if (cursor.token.kind !== 'end') throw cursor.unexpected('expression', expected)
}
