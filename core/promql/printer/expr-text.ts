import type {
  Aggregation,
  BinaryExpr,
  DurationExpr,
  DurationNode,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  TimeShift,
  VectorMatching,
  VectorSelector
} from '../ast.ts'
import { plainFloat } from '../float-text.ts'
import { METRIC_NAME } from '../labels.ts'
import type { Matcher } from '../matcher.ts'
import { durationText } from '../parser/numbers.ts'
import { quote } from '../parser/strings.ts'

/** Names of labels that need no quotes. */
const BARE_LABEL = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The expression in one line, as Prometheus writes it: labels sorted, one blank around operators. */
export function exprText(expr: Expr): string {
  switch (expr.type) {
    case 'numberLiteral':
      return numberText(expr)
    case 'stringLiteral':
      return quote(expr.value)
    case 'vectorSelector':
      return `${selectorText(expr)}${atText(expr)}${extensionText(expr)}${offsetText(expr)}`
    case 'matrixSelector':
      return matrixText(expr)
    case 'subquery':
      return `${exprText(expr.expr)}${subqueryRange(expr)}`
    case 'call':
      return `${expr.func}(${expr.args.map(exprText).join(', ')})`
    case 'aggregation': {
      const args = expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
      return `${aggregationHead(expr)}(${args.map(exprText).join(', ')})`
    }
    case 'binaryExpr':
      return `${exprText(expr.lhs)} ${operatorText(expr)} ${exprText(expr.rhs)}`
    case 'unaryExpr':
      return `${expr.op}${exprText(expr.expr)}`
    case 'parenExpr':
      return `(${exprText(expr.expr)})`
  }
}

/** What stands before the parentheses: `sum by (job) `. */
export function aggregationHead({ op, grouping, without }: Aggregation): string {
  if (without) return `${op} without (${labelsText(grouping)}) `
  return grouping.length === 0 ? op : `${op} by (${labelsText(grouping)}) `
}

/** The operator with its modifiers: `/ on (job) group_left ()`. */
export function operatorText({ op, bool, matching }: BinaryExpr): string {
  return `${op}${bool ? ' bool' : ''}${matching === undefined ? '' : matchingText(matching)}`
}

/** What stands behind the expression of a subquery: `[5m:1m] offset 1h`. */
export function subqueryRange(expr: Subquery): string {
  const step = expr.stepMs === undefined ? '' : msText(expr.stepMs, expr.stepExpr)
  return `[${msText(expr.rangeMs, expr.rangeExpr)}:${step}]${atText(expr)}${offsetText(expr)}`
}

/** Plain infinity: a sign before it would be an operator if another one follows. */
function numberText({ value, duration }: NumberLiteral): string {
  if (duration) return durationText(value * 1000)
  return value === Number.POSITIVE_INFINITY ? 'Inf' : plainFloat(value)
}

function selectorText({ name = '', matchers }: VectorSelector): string {
  const shown = matchers.filter(
    ({ name: label, op, value }) => label !== METRIC_NAME || op !== '=' || value !== name || value === ''
  )
  const braces = shown.map(matcherText).sort().join(',')
  return braces === '' && name !== '' ? name : `${name}{${braces}}`
}

function matcherText({ name, op, value }: Matcher): string {
  return `${labelText(name)}${op}${quote(value)}`
}

function matrixText({ selector, rangeMs, rangeExpr }: MatrixSelector): string {
  const range = msText(rangeMs, rangeExpr)
  return `${selectorText(selector)}[${range}]${extensionText(selector)}${atText(selector)}${offsetText(selector)}`
}

function extensionText({ extension }: VectorSelector): string {
  return extension === undefined ? '' : ` ${extension}`
}

function atText({ at }: TimeShift): string {
  if (at === undefined) return ''
  return typeof at === 'number' ? ` @ ${(at / 1000).toFixed(3)}` : ` @ ${at}()`
}

function offsetText({ offsetMs, offsetExpr }: TimeShift): string {
  return offsetMs === 0 && offsetExpr === undefined ? '' : ` offset ${msText(offsetMs, offsetExpr)}`
}

function msText(ms: number, expr: DurationExpr | undefined): string {
  return expr === undefined ? durationText(ms) : durationNodeText(expr)
}

function durationNodeText(node: DurationNode | undefined): string {
  if (node === undefined) return ''
  if (node.type === 'numberLiteral') return numberText(node)
  const text = durationExprText(node)
  return node.wrapped ? `(${text})` : text
}

function durationExprText({ op, lhs, rhs }: DurationExpr): string {
  if (op === 'step' || op === 'range') return `${op}()`
  if (op === 'min_of' || op === 'max_of') return `${op}(${durationNodeText(lhs)}, ${durationNodeText(rhs)})`
  if (lhs === undefined) return `${op === '+' ? '' : op}${durationNodeText(rhs)}`
  return `${durationNodeText(lhs)} ${op} ${durationNodeText(rhs)}`
}

function matchingText({ card, labels, on, include, fillLeft, fillRight }: VectorMatching): string {
  const grouped = card === 'many-to-one' || card === 'one-to-many'
  let text = labels.length > 0 || on || grouped ? ` ${on ? 'on' : 'ignoring'} (${labelsText(labels)})` : ''
  if (grouped) text += ` group_${card === 'many-to-one' ? 'left' : 'right'} (${labelsText(include)})`
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return `${text} fill (${plainFloat(fillLeft)})`
  if (fillLeft !== undefined) text += ` fill_left (${plainFloat(fillLeft)})`
  return fillRight === undefined ? text : `${text} fill_right (${plainFloat(fillRight)})`
}

function labelsText(labels: readonly string[]): string {
  return labels.map(labelText).join(', ')
}

function labelText(name: string): string {
  return BARE_LABEL.test(name) ? name : quote(name)
}
