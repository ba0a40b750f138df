import type { Expr } from '../../../../core/promql/ast.ts'
import { exprText } from '../../../../core/promql/printer/expr-text.ts'

/** The tree in the manner of Lisp: which operator has which sides cannot be read from the text of an expression. */
export function shape(expr: Expr): string {
  switch (expr.type) {
    case 'binaryExpr':
      return `(${expr.op} ${shape(expr.lhs)} ${shape(expr.rhs)})`
    case 'unaryExpr':
      return `(${expr.op} ${shape(expr.expr)})`
    case 'parenExpr':
      return `[${shape(expr.expr)}]`
    case 'call':
      return `(${[expr.func, ...expr.args.map(shape)].join(' ')})`
    case 'aggregation':
      return `(${[expr.op, ...(expr.param === undefined ? [] : [shape(expr.param)]), shape(expr.expr)].join(' ')})`
    case 'subquery':
      return `(subquery ${shape(expr.expr)} ${expr.rangeMs})`
    default:
      return exprText(expr)
  }
}
