import type { Expr, MatrixSelector, VectorSelector } from './ast.ts'

/** The direct parts of an expression, in the order of its text. */
export function childrenOf(expr: Expr): readonly Expr[] {
  switch (expr.type) {
    case 'call':
      return expr.args
    case 'aggregation':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
    case 'binaryExpr':
      return [expr.lhs, expr.rhs]
    case 'matrixSelector':
      return [expr.selector]
    case 'subquery':
    case 'unaryExpr':
    case 'parenExpr':
      return [expr.expr]
    default:
      return []
  }
}

/** The expression with every selector replaced by what `change` makes of it. */
export function mapSelectors(expr: Expr, change: (selector: VectorSelector) => VectorSelector): Expr {
  const map = (part: Expr) => mapSelectors(part, change)
  switch (expr.type) {
    case 'vectorSelector':
      return change(expr)
    case 'matrixSelector':
      return { ...expr, selector: change(expr.selector) } satisfies MatrixSelector
    case 'call':
      return { ...expr, args: expr.args.map(map) }
    case 'aggregation':
      return { ...expr, expr: map(expr.expr), param: expr.param && map(expr.param) }
    case 'binaryExpr':
      return { ...expr, lhs: map(expr.lhs), rhs: map(expr.rhs) }
    case 'subquery':
    case 'unaryExpr':
    case 'parenExpr':
      return { ...expr, expr: map(expr.expr) }
    default:
      return expr
  }
}
