import type { DurationExpr, DurationNode, NumberLiteral } from '../ast.ts'
import { durationExprMs, isConstant } from '../duration-expr.ts'
import { QueryError } from '../query-error.ts'
import type { Cursor } from './cursor.ts'
import { precedenceOf, SIGN_PRECEDENCE } from './keywords.ts'
import { durationMs, LONGEST_DURATION_MS, numberOf } from './numbers.ts'
import { excerpt } from './parse-error.ts'

const OPERATORS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^'])
const EXPECTED = 'number or duration, such as 5m'

/** Of a range, a step or an offset. With an expression that is no constant, ms are NaN. */
export interface ReadDuration {
  readonly ms: number
  readonly expr: DurationExpr | undefined
}

/** Reads the number or duration that is next. */
export function readNumber(cursor: Cursor, context: string, expected: string): NumberLiteral {
  const { token } = cursor
  const word = cursor.word()
  if (token.kind !== 'number' && token.kind !== 'duration' && word !== 'inf' && word !== 'nan')
    throw cursor.unexpected(context, expected)
  cursor.take()
  const span = { from: token.from, to: token.to }
  if (token.kind !== 'duration')
    return cursor.node({ type: 'numberLiteral', span, value: numberOf(token.text), duration: false })
  const ms = durationMs(token.text)
  if (ms === undefined) {
    const hint = 'units come once each, larger ones first: y, w, d, h, m, s, ms; 292 years are the most'
    throw cursor.error(token, `not a valid duration: ${excerpt(token.text)}; ${hint}`)
  }
  return cursor.node({ type: 'numberLiteral', span, value: ms / 1000, duration: true })
}

/** Reads the duration of a range or a step. */
export function readRange(cursor: Cursor): ReadDuration {
  return durationOf(cursor, readSum(cursor, 0), false)
}

/** Reads the duration of an offset. Operators without parentheses belong to the expression around. */
export function readOffset(cursor: Cursor): ReadDuration {
  return durationOf(cursor, readSigned(cursor, readOperand), true)
}

function durationOf(cursor: Cursor, node: DurationNode, signed: boolean): ReadDuration {
  if (node.type === 'numberLiteral') {
    const ms = Math.trunc(Math.round(node.value * 1e9) / 1e6)
    if (!(Math.abs(ms) < LONGEST_DURATION_MS)) throw cursor.error(node.span, 'duration out of range')
    if (!signed && node.value <= 0) throw cursor.error(node.span, 'duration must be greater than 0')
    return { ms, expr: undefined }
  }
  if (!cursor.experimental) {
    const hint = 'write it as a number of seconds or a duration'
    throw cursor.error(node.span, `computed durations are experimental and not enabled; ${hint}`)
  }
  try {
    return { ms: isConstant(node) ? durationExprMs(node, { stepMs: 0, rangeMs: 0 }, signed) : Number.NaN, expr: node }
  } catch (error) {
    if (error instanceof QueryError) throw cursor.error(node.span, error.message)
    throw error
  }
}

function readSum(cursor: Cursor, lowest: number): DurationNode {
  let lhs = readSigned(cursor, () => readSum(cursor, SIGN_PRECEDENCE))
  for (;;) {
    const op = cursor.token.text
    const precedence = precedenceOf(op)
    if (cursor.token.kind !== 'symbol' || !OPERATORS.has(op) || precedence === undefined || precedence < lowest)
      return lhs
    cursor.take()
    const rhs = cursor.nested(() => readSum(cursor, op === '^' ? precedence : precedence + 1))
    lhs = durationExpr(cursor, op as DurationExpr['op'], lhs.span.from, lhs, rhs)
  }
}

/** `signed` reads what a sign stands before. */
function readSigned(cursor: Cursor, signed: (cursor: Cursor) => DurationNode): DurationNode {
  const { text: op, from } = cursor.token
  if (!cursor.at('-') && !cursor.at('+')) return readOperand(cursor)
  cursor.take()
  const rhs = cursor.nested(() => signed(cursor))
  if (rhs.type === 'durationExpr') return op === '+' ? rhs : durationExpr(cursor, '-', from, undefined, rhs)
  return cursor.node({ ...rhs, span: { from, to: cursor.end }, value: op === '-' ? -rhs.value : rhs.value })
}

function readOperand(cursor: Cursor): DurationNode {
  const { from } = cursor.token
  const word = cursor.word()
  if (word === 'step' || word === 'range') {
    cursor.take()
    cursor.expect('(', `${word}()`)
    cursor.expect(')', `${word}()`)
    return durationExpr(cursor, word, from, undefined, undefined)
  }
  if (word === 'min_of' || word === 'max_of') {
    cursor.take()
    cursor.expect('(', word)
    const lhs = cursor.nested(() => readSum(cursor, 0))
    cursor.expect(',', word)
    const rhs = cursor.nested(() => readSum(cursor, 0))
    cursor.expect(')', word)
    return durationExpr(cursor, word, from, lhs, rhs)
  }
  return cursor.accept('(') ? readWrapped(cursor, from) : readNumber(cursor, 'duration', EXPECTED)
}

/** A number in parentheses becomes an expression with a plus, to be printed with its parentheses. */
function readWrapped(cursor: Cursor, from: number): DurationExpr {
  const inner = cursor.nested(() => readSum(cursor, 0))
  cursor.expect(')', 'duration')
  const expr = inner.type === 'durationExpr' ? inner : durationExpr(cursor, '+', from, undefined, inner)
  return cursor.node({ ...expr, span: { from, to: cursor.end }, wrapped: true }, inner)
}

function durationExpr(
  cursor: Cursor,
  op: DurationExpr['op'],
  from: number,
  lhs: DurationNode | undefined,
  rhs: DurationNode | undefined
): DurationExpr {
  return cursor.node({ type: 'durationExpr', span: { from, to: cursor.end }, op, lhs, rhs, wrapped: false }, lhs, rhs)
}
