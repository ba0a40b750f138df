import type { BinaryExpr, BinaryOp, Expr, VectorMatching } from '../ast.ts'
import { documentedType, valueTypeOf } from '../value-type.ts'
import type { Cursor } from './cursor.ts'
import { readNumber } from './durations.ts'
import { isComparison, isSetOperator, isTrimming } from './keywords.ts'
import { readLabels } from './label-list.ts'
import type { Token } from './lexer.ts'

/** What stands between a binary operator and its right side. */
export interface BinaryModifiers extends VectorMatching {
  readonly bool: boolean
}

interface Fill {
  left: number | undefined
  right: number | undefined
}

/** Reads `bool`, `on` or `ignoring`, `group_left` or `group_right`, and `fill`. */
export function readBinaryModifiers(cursor: Cursor): BinaryModifiers {
  const bool = cursor.word() === 'bool' && cursor.take() !== undefined
  const word = cursor.word()
  const matched = word === 'on' || word === 'ignoring'
  if (word === 'group_left' || word === 'group_right')
    throw cursor.unexpected('binary expression', `"on" or "ignoring" before "${word}"`)
  if (matched) cursor.take()
  const labels = matched ? readLabels(cursor) : []
  const { card, include } = matched ? readGroup(cursor) : ({ card: 'one-to-one', include: [] } as const)
  const { left, right } = readFill(cursor)
  return { bool, card, labels, on: word === 'on', include, fillLeft: left, fillRight: right }
}

/** The expression of both sides, if their types and the modifiers fit. */
export function binaryExpr(cursor: Cursor, op: Token, lhs: Expr, rhs: Expr, modifiers: BinaryModifiers): BinaryExpr {
  const name = op.text.toLowerCase() as BinaryOp
  const problem = problemOf(name, lhs, rhs, modifiers)
  if (problem !== undefined) throw cursor.error(op, problem)
  for (const side of [lhs, rhs]) {
    const type = valueTypeOf(side)
    if (type !== 'scalar' && type !== 'vector')
      throw cursor.error(side.span, `operators take scalars and instant vectors only, got ${documentedType(type)}`)
  }
  const { bool, ...matching } = modifiers
  const card = isSetOperator(name) ? 'many-to-many' : matching.card
  const expr: BinaryExpr = {
    type: 'binaryExpr',
    span: { from: lhs.span.from, to: rhs.span.to },
    op: name,
    lhs,
    rhs,
    bool,
    matching: valueTypeOf(lhs) === 'vector' && valueTypeOf(rhs) === 'vector' ? { ...matching, card } : undefined
  }
  return cursor.node(expr, lhs, rhs)
}

function readGroup(cursor: Cursor): Pick<VectorMatching, 'card' | 'include'> {
  const word = cursor.word()
  if (word !== 'group_left' && word !== 'group_right') return { card: 'one-to-one', include: [] }
  cursor.take()
  const include = cursor.at('(') ? readLabels(cursor) : []
  return { card: word === 'group_left' ? 'many-to-one' : 'one-to-many', include }
}

function readFill(cursor: Cursor): Fill {
  const fill: Fill = { left: undefined, right: undefined }
  for (;;) {
    const word = cursor.word()
    // Metrics may have these names.
    if ((word !== 'fill' && word !== 'fill_left' && word !== 'fill_right') || !cursor.followedBy('(')) return fill
    const token = cursor.take()
    if (!cursor.experimental) throw cursor.error(token, `the ${word} modifier is experimental and not enabled`)
    if ((fill.left !== undefined && word !== 'fill_right') || (fill.right !== undefined && word !== 'fill_left'))
      throw cursor.error(token, 'a side can only be filled once')
    cursor.take()
    const negative = cursor.at('-')
    if (negative || cursor.at('+')) cursor.take()
    const { value } = readNumber(cursor, word, 'number')
    cursor.expect(')', word)
    if (word !== 'fill_right') fill.left = negative ? -value : value
    if (word !== 'fill_left') fill.right = negative ? -value : value
  }
}

function problemOf(op: BinaryOp, lhs: Expr, rhs: Expr, modifiers: BinaryModifiers): string | undefined {
  const { bool, card, labels, on, include, fillLeft, fillRight } = modifiers
  const scalars = [lhs, rhs].filter(side => valueTypeOf(side) === 'scalar').length
  const filled = fillLeft !== undefined || fillRight !== undefined
  const twice = on ? include.find(label => labels.includes(label)) : undefined
  if (bool && !isComparison(op)) return 'the bool modifier can only be used on comparison operators'
  if (isComparison(op) && !bool && scalars === 2)
    return `comparisons between scalars must use the bool modifier: write "${op} bool"`
  if (isTrimming(op) && scalars === 2) return `"${op}" trims histograms: one side must be an instant vector`
  if (twice !== undefined) return `label "${twice}" must not occur in on and group clause at once`
  if (isSetOperator(op)) {
    if (scalars > 0) return `set operator "${op}" is not allowed with scalars; vector(…) makes an instant vector of one`
    if (card !== 'one-to-one') return `no grouping allowed for "${op}" operation: set operators match many to many`
    if (filled) return 'filling in missing series is not allowed for set operators'
  }
  if (scalars > 0 && labels.length > 0) return 'vector matching is only allowed between instant vectors'
  return scalars > 0 && filled ? 'filling in missing series is only allowed between instant vectors' : undefined
}
