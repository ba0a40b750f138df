import type { Expr } from '../../ast.ts'
import type { Span } from '../../span.ts'
import type { Query } from '../query.ts'
import type { Row } from '../rows.ts'
import type { Times } from '../times.ts'
import type { Value } from '../value.ts'

/** A call of a function whose arguments are no range vectors. */
export interface VectorCall {
  readonly func: string
  readonly span: Span
  /** Without parentheses around them. */
  readonly exprs: readonly Expr[]
  /** Their values. The parser has checked their types and their number. */
  readonly args: readonly Value[]
  readonly query: Query
  readonly times: Times
}

export type VectorFunction = (call: VectorCall) => Value | Promise<Value>

export function rowsArg(call: VectorCall, index: number): Row[] {
  const arg = call.args[index]!
  if (arg.type !== 'vector') throw wrongType(call, index, 'a vector')
  return arg.rows
}

export function scalarArg(call: VectorCall, index: number): Float64Array {
  const arg = call.args[index]!
  if (arg.type !== 'scalar') throw wrongType(call, index, 'a scalar')
  return arg.values
}

export function stringArg(call: VectorCall, index: number): string {
  const arg = call.args[index]!
  if (arg.type !== 'string') throw wrongType(call, index, 'a string')
  return arg.value
}

/** The parser lets none through. */
function wrongType(call: VectorCall, index: number, wanted: string): TypeError {
  return new TypeError(`argument ${index + 1} of ${call.func} is not ${wanted}`)
}
