import type { Expr, ValueType } from './ast.ts'
import { FUNCTIONS } from './functions.ts'

const NAMES: Record<ValueType, string> = {
  scalar: 'scalar',
  string: 'string',
  vector: 'instant vector',
  matrix: 'range vector'
}

/** Type of an expression's value. */
export function valueTypeOf(expr: Expr): ValueType {
  switch (expr.type) {
    case 'numberLiteral':
      return 'scalar'
    case 'stringLiteral':
      return 'string'
    case 'matrixSelector':
    case 'subquery':
      return 'matrix'
    case 'call':
      return FUNCTIONS.get(expr.func)!.returns
    case 'unaryExpr':
    case 'parenExpr':
      return valueTypeOf(expr.expr)
    case 'binaryExpr':
      return valueTypeOf(expr.rhs) === 'scalar' && valueTypeOf(expr.lhs) === 'scalar' ? 'scalar' : 'vector'
    default:
      return 'vector'
  }
}

/** As the documentation names it. */
export function documentedType(type: ValueType): string {
  return NAMES[type]
}
