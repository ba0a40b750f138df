import type { Expr } from '../ast.ts'
import { aggregationHead, exprText, operatorText, subqueryRange } from './expr-text.ts'

/** Expressions that are longer are broken over lines, by the rules of Prometheus's `/api/v1/format_query`. */
const LINE_LENGTH = 100
const INDENT = '  '

/** The expression over several lines where it is long. Comments are not kept. */
export function formatQuery(expr: Expr): string {
  return new Formatter().format(expr, 0)
}

/** Remembers which parts are long: each part of a deep expression is asked once. */
class Formatter {
  readonly #long = new WeakMap<Expr, boolean>()

  /** All lines begin with `level` indents. */
  format(expr: Expr, level: number): string {
    const indent = INDENT.repeat(level)
    if (!this.#isLong(expr)) return indent + exprText(expr)
    switch (expr.type) {
      case 'aggregation':
        return this.#block(aggregationHead(expr), operandsOf(expr), level)
      case 'call':
        return this.#block(expr.func, expr.args, level)
      case 'parenExpr':
        return this.#block('', [expr.expr], level)
      case 'binaryExpr':
        return [this.format(expr.lhs, level + 1), indent + operatorText(expr), this.format(expr.rhs, level + 1)].join(
          '\n'
        )
      case 'subquery':
        return this.format(expr.expr, level) + subqueryRange(expr)
      case 'unaryExpr':
        return indent + expr.op + this.format(expr.expr, level).trimStart()
      default:
        return indent + exprText(expr)
    }
  }

  #block(head: string, args: readonly Expr[], level: number): string {
    const indent = INDENT.repeat(level)
    return `${indent}${head}(\n${args.map(arg => this.format(arg, level + 1)).join(',\n')}\n${indent})`
  }

  #isLong(expr: Expr): boolean {
    let long = this.#long.get(expr)
    if (long !== undefined) return long
    // A part that holds a long one is long: only short texts are made to be measured.
    long = operandsOf(expr).some(operand => this.#isLong(operand)) || exprText(expr).length > LINE_LENGTH
    this.#long.set(expr, long)
    return long
  }
}

function operandsOf(expr: Expr): readonly Expr[] {
  switch (expr.type) {
    case 'aggregation':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
    case 'binaryExpr':
      return [expr.lhs, expr.rhs]
    case 'call':
      return expr.args
    case 'subquery':
    case 'unaryExpr':
    case 'parenExpr':
      return [expr.expr]
    default:
      return []
  }
}
