import type { BinaryExpr } from '../../ast.ts'
import type { Query } from '../query.ts'
import type { Times } from '../times.ts'
import { type ScalarValue, type Value, vectorOf } from '../value.ts'
import { ARITHMETIC, COMPARISONS } from './float-operators.ts'
import { matchedRows } from './matching.ts'
import { andRows, orRows, unlessRows } from './set-operators.ts'
import { scalarRows } from './vector-scalar.ts'

/** The value of a binary operator. The parser has checked that it goes with the types of its operands. */
export async function binary(query: Query, expr: BinaryExpr, lhs: Value, rhs: Value, times: Times): Promise<Value> {
  if (lhs.type === 'string' || rhs.type === 'string') throw new TypeError('a binary operator on a string')
  if (lhs.type === 'scalar' && rhs.type === 'scalar') return ofScalars(query, expr, lhs, rhs)
  if (rhs.type === 'scalar' && lhs.type === 'vector')
    return vectorOf(await scalarRows(query, expr, lhs.rows, rhs.values, false, times))
  if (lhs.type === 'scalar' && rhs.type === 'vector')
    return vectorOf(await scalarRows(query, expr, rhs.rows, lhs.values, true, times))
  if (lhs.type !== 'vector' || rhs.type !== 'vector') throw new TypeError('unreachable: all types have been named')
  switch (expr.op) {
    case 'and':
      return vectorOf(andRows(query, expr.matching!, lhs.rows, rhs.rows, times))
    case 'or':
      return vectorOf(orRows(query, expr.matching!, lhs.rows, rhs.rows, times))
    case 'unless':
      return vectorOf(unlessRows(query, expr.matching!, lhs.rows, rhs.rows, times))
    default:
      return vectorOf(await matchedRows(query, expr, lhs.rows, rhs.rows, times))
  }
}

/** Comparisons of scalars have the modifier `bool`. */
function ofScalars(query: Query, { op }: BinaryExpr, lhs: ScalarValue, rhs: ScalarValue): ScalarValue {
  query.budget.take(lhs.values.length)
  const arithmetic = ARITHMETIC.get(op)
  const comparison = COMPARISONS.get(op)
  const values = lhs.values.map((a, step) => {
    const b = rhs.values[step]!
    return arithmetic === undefined ? Number(comparison!(a, b)) : arithmetic(a, b)
  })
  return { type: 'scalar', values }
}
