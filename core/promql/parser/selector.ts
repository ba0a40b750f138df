import type { VectorSelector } from '../ast.ts'
import { METRIC_NAME } from '../labels.ts'
import { Matcher, type MatcherOp } from '../matcher.ts'
import { QueryError } from '../query-error.ts'
import type { Cursor } from './cursor.ts'
import type { Token } from './lexer.ts'

const OPERATORS: ReadonlySet<string> = new Set<MatcherOp>(['=', '!=', '=~', '!~'])

/** Reads `{…}` after the name `name`, or without one. Some matcher must refuse the empty value, but in the call of `info`. */
export function readSelector(cursor: Cursor, name: Token | undefined): VectorSelector {
  const from = name?.from ?? cursor.token.from
  const matchers = cursor.at('{') ? readMatchers(cursor) : []
  if (name !== undefined) {
    const other = matchers.find(matcher => matcher.name === METRIC_NAME)
    if (other !== undefined) {
      const problem = `metric name must not be set twice: ${JSON.stringify(name.text)} or ${JSON.stringify(other.value)}`
      throw cursor.error({ from, to: cursor.end }, problem)
    }
    matchers.push(new Matcher(METRIC_NAME, '=', name.text))
  }
  const span = { from, to: cursor.end }
  return cursor.node({ type: 'vectorSelector', span, name: name?.text, matchers, offsetMs: 0, at: undefined })
}

/** Whether some matcher refuses series without its label. A selector without one would read everything, by a typo maybe. */
export function selectsSomething({ matchers }: VectorSelector): boolean {
  return matchers.some(matcher => !matcher.matches(''))
}

function readMatchers(cursor: Cursor): Matcher[] {
  const matchers: Matcher[] = []
  cursor.take()
  while (!cursor.at('}')) {
    matchers.push(readMatcher(cursor))
    if (!cursor.accept(',') && !cursor.at('}')) throw cursor.unexpected('label matching', '"," or "}"')
  }
  cursor.take()
  return matchers
}

function readMatcher(cursor: Cursor): Matcher {
  const { kind, from } = cursor.token
  if (kind !== 'identifier' && kind !== 'string') throw cursor.unexpected('label matching', 'label name or "}"')
  const name = kind === 'string' ? cursor.takeString() : cursor.take().text
  if (kind === 'string' && (cursor.at(',') || cursor.at('}'))) return new Matcher(METRIC_NAME, '=', name)
  if (!isOperator(cursor.token)) {
    const hint = cursor.at('==') ? ' (a single "=")' : ''
    throw cursor.unexpected('label matching', `one of "=", "!=", "=~" and "!~"${hint}`)
  }
  const op = cursor.take().text as MatcherOp
  if (cursor.token.kind !== 'string') throw cursor.unexpected('label matching', 'string, in quotes')
  const value = cursor.takeString()
  try {
    return new Matcher(name, op, value)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw cursor.error({ from, to: cursor.end }, error.message)
  }
}

function isOperator({ kind, text }: Token): boolean {
  return kind === 'symbol' && OPERATORS.has(text)
}
