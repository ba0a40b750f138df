import type { Expr, MatrixSelector, Subquery, TimeShift, VectorSelector } from '../ast.ts'
import { documentedType, valueTypeOf } from '../value-type.ts'
import type { Cursor } from './cursor.ts'
import { readNumber, readOffset, readRange } from './durations.ts'

type Shifted = VectorSelector | MatrixSelector | Subquery

/** Reads what may follow an expression: ranges, `offset`, `@`, `anchored` and `smoothed`. */
export function readModifiers(cursor: Cursor, expr: Expr): Expr {
  let modified = expr
  for (;;) {
    const word = cursor.word()
    if (cursor.at('[')) modified = readBrackets(cursor, modified)
    else if (cursor.at('@')) modified = readAt(cursor, modified)
    else if (word === 'offset') modified = readOffsetModifier(cursor, modified)
    else if (word === 'anchored' || word === 'smoothed') modified = readExtension(cursor, modified, word)
    else return modified
  }
}

function readBrackets(cursor: Cursor, expr: Expr): Expr {
  const open = cursor.take()
  const range = readRange(cursor)
  if (cursor.accept(':')) return readSubquery(cursor, expr, range)
  cursor.expect(']', 'range or subquery', '":" or "]"')
  const span = { from: open.from, to: cursor.end }
  if (expr.type !== 'vectorSelector') {
    const hint = 'a subquery takes any instant vector: write [5m:] or [5m:1m]'
    throw cursor.error(span, `ranges are only allowed for vector selectors; ${hint}`)
  }
  if (expr.offsetMs !== 0 || expr.offsetExpr !== undefined)
    throw cursor.error(span, 'no offset modifiers allowed before the range; write them behind it')
  if (expr.at !== undefined) throw cursor.error(span, 'no @ modifiers allowed before the range; write them behind it')
  const selector: MatrixSelector = {
    type: 'matrixSelector',
    span: { from: expr.span.from, to: cursor.end },
    selector: expr,
    rangeMs: range.ms,
    ...(range.expr && { rangeExpr: range.expr })
  }
  return cursor.node(selector, expr, range.expr)
}

function readSubquery(cursor: Cursor, expr: Expr, range: ReturnType<typeof readRange>): Subquery {
  const step = cursor.at(']') ? undefined : readRange(cursor)
  cursor.expect(']', 'subquery')
  const span = { from: expr.span.from, to: cursor.end }
  const type = valueTypeOf(expr)
  if (type !== 'vector')
    throw cursor.error(span, `subqueries are only allowed on instant vectors, got ${documentedType(type)}`)
  const subquery: Subquery = {
    type: 'subquery',
    span,
    expr,
    rangeMs: range.ms,
    ...(range.expr && { rangeExpr: range.expr }),
    stepMs: step?.ms,
    ...(step?.expr && { stepExpr: step.expr }),
    offsetMs: 0,
    at: undefined
  }
  return cursor.node(subquery, expr, range.expr, step?.expr)
}

function readOffsetModifier(cursor: Cursor, expr: Expr): Expr {
  cursor.take()
  const { ms, expr: offsetExpr } = readOffset(cursor)
  return shift(cursor, expr, 'offset modifier', old => {
    if (old.offsetMs !== 0 || old.offsetExpr !== undefined)
      throw cursor.error(expr.span, 'offset may not be set multiple times')
    return { ...old, offsetMs: ms, ...(offsetExpr && { offsetExpr }) }
  })
}

function readAt(cursor: Cursor, expr: Expr): Expr {
  cursor.take()
  const at = readTime(cursor)
  return shift(cursor, expr, '@ modifier', old => {
    if (old.at !== undefined) throw cursor.error(expr.span, '@ <timestamp> may not be set multiple times')
    return { ...old, at }
  })
}

/** Unix ms, or `start()` or `end()`. */
function readTime(cursor: Cursor): number | 'start' | 'end' {
  const word = cursor.word()
  if (word === 'start' || word === 'end') {
    cursor.take()
    cursor.expect('(', '@ modifier')
    cursor.expect(')', '@ modifier')
    return word
  }
  const { text: sign, from } = cursor.token
  const signed = cursor.accept('-') || cursor.accept('+')
  const { value } = readNumber(cursor, '@ modifier', 'Unix time in seconds, start() or end()')
  const ms = Math.round(signed && sign === '-' ? -value * 1000 : value * 1000)
  if (Number.isSafeInteger(ms)) return ms
  throw cursor.error({ from, to: cursor.end }, 'timestamp out of bounds for the @ modifier; it is in seconds')
}

/** The selector or subquery with other modifiers. */
function shift(cursor: Cursor, expr: Expr, modifier: string, change: (old: TimeShift) => TimeShift): Shifted {
  const span = { from: expr.span.from, to: cursor.end }
  if (expr.type === 'vectorSelector') return cursor.node({ ...expr, ...change(expr), span })
  if (expr.type === 'subquery') return cursor.node({ ...expr, ...change(expr), span }, expr.expr, expr.rangeExpr)
  if (expr.type === 'matrixSelector') {
    const selector = { ...expr.selector, ...change(expr.selector) }
    return cursor.node({ ...expr, selector, span }, selector)
  }
  const hint = 'put it right behind a selector, a range or a subquery'
  throw cursor.error(expr.span, `${modifier} must be preceded by a selector or a subquery; ${hint}`)
}

function readExtension(cursor: Cursor, expr: Expr, extension: 'anchored' | 'smoothed'): Expr {
  const token = cursor.take()
  if (!cursor.experimental) throw cursor.error(token, `the ${extension} modifier is experimental and not enabled`)
  const selector = expr.type === 'matrixSelector' ? expr.selector : expr
  if (selector.type !== 'vectorSelector')
    throw cursor.error(
      token,
      `the ${extension} modifier must be preceded by a selector, and is not there for subqueries`
    )
  if (selector.extension !== undefined)
    throw cursor.error(token, 'anchored and smoothed exclude each other, and are written once')
  const span = { from: expr.span.from, to: cursor.end }
  const extended = cursor.node({ ...selector, extension, span: selector === expr ? span : selector.span })
  return expr.type === 'matrixSelector' ? cursor.node({ ...expr, selector: extended, span }, extended) : extended
}
