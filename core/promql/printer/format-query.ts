import type { Expr } from '../ast.ts'
import { aggregationHead, exprText, operatorText, subqueryRange } from './expr-text.ts'

/** Expressions that are longer are broken over lines, by the rules of Prometheus's `/api/v1/format_query`. */
const LINE_LENGTH = 100
const INDENT = '  '

/** The expression over several lines where it is long. Comments are not kept. */
export function formatQuery(expr: Expr): string {
  return new Formatter().format(expr, 0)
}

/** Remembers the length of each part: all parts of a deep expression are asked for it. */
class Formatter {
  readonly #long = new WeakMap<Expr, boolean>()

  /** All lines begin with `level` indents. */
  format(expr: Expr, level: number): string {
    const indent = INDENT.repeat(level)
    if (!this.#isLong(expr)) return indent + exprText(expr)
    switch (expr.type) {
      case 'aggregation': {
        const args = expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
        return this.#block(aggregationHead(expr), args, level)
      }
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
    if (long === undefined) this.#long.set(expr, (long = exprText(expr).length > LINE_LENGTH))
    return long
  }
}
