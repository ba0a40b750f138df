import { NoTwin } from '../no-twin.ts'
import type { Yaml } from '../yaml.ts'
import type { Expr } from './ottl.ts'

/** Conditions of Weir that must all hold: see docs/matching.md. */
export interface Conditions {
  readonly name?: Yaml
  readonly kind?: Yaml
  readonly temporality?: Yaml
  readonly attributes?: Readonly<Record<string, Yaml>>
}

const KINDS: Readonly<Record<string, readonly string[]>> = {
  METRIC_DATA_TYPE_GAUGE: ['gauge'],
  METRIC_DATA_TYPE_SUM: ['counter', 'up_down_counter'],
  METRIC_DATA_TYPE_HISTOGRAM: ['histogram'],
  METRIC_DATA_TYPE_EXPONENTIAL_HISTOGRAM: ['exponential_histogram'],
  METRIC_DATA_TYPE_SUMMARY: ['summary']
}
const TEMPORALITIES: Readonly<Record<string, string>> = {
  AGGREGATION_TEMPORALITY_DELTA: 'delta',
  AGGREGATION_TEMPORALITY_CUMULATIVE: 'cumulative'
}
const LIMITS: Readonly<Record<string, string>> = { '<': 'lt', '<=': 'lte', '>': 'gt', '>=': 'gte' }
/** `(a or b) and (c or d)` is four. */
const MOST_ALTERNATIVES = 100
/** Fields of log records that are attributes in Weir. */
const LOG_FIELDS = new Set(['body', 'severity_text', 'severity_number', 'trace_id', 'span_id'])
const SEVERITIES = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']

/** The conditions of which one has to hold. @throws NoTwin that says what has no twin */
export function conditionsOf(expr: Expr): Conditions[] {
  if (expr.type === 'or') return [...conditionsOf(expr.left), ...conditionsOf(expr.right)]
  if (expr.type === 'and') return combined(conditionsOf(expr.left), conditionsOf(expr.right))
  if (expr.type === 'not') return [negated(expr.inner)]
  return [test(expr, false)]
}

function combined(left: readonly Conditions[], right: readonly Conditions[]): Conditions[] {
  if (left.length * right.length > MOST_ALTERNATIVES) throw new NoTwin('it has too many combinations of or and and')
  return left.flatMap(one => right.map(other => merged(one, other)))
}

/** One of several conditions, as they are written: a mapping, or a list. */
export const oneOf = (conditions: readonly Conditions[]): Yaml =>
  (conditions.length === 1 ? conditions[0] : conditions) as Yaml

/** The attribute of a path, or `name`. @throws NoTwin if Weir has no such field */
export function fieldOf(expr: Expr): { readonly attribute: string } | 'name' {
  if (expr.type !== 'path') throw new NoTwin('a field is expected')
  const path = expr.path.replace(/^(metric|datapoint|log|resource)\./, '')
  if (path === 'attributes' && expr.key !== undefined) return { attribute: expr.key }
  if (path === 'name' && expr.key === undefined) return 'name'
  if (LOG_FIELDS.has(path) && expr.key === undefined) return { attribute: path }
  throw new NoTwin(`there is no ${expr.path}`)
}

function negated(expr: Expr): Conditions {
  if (expr.type === 'not') throw new NoTwin('not not')
  if (expr.type === 'and' || expr.type === 'or') throw new NoTwin('a negation of and, or or has no twin')
  return test(expr, true)
}

function test(expr: Expr, isNegated: boolean): Conditions {
  if (expr.type === 'call') return callTest(expr, isNegated)
  if (expr.type !== 'compare') throw new NoTwin('such a condition has no twin')
  const { op, left, right } = expr
  if (left.type === 'path' && right.type === 'enum' && op === '==' && !isNegated) {
    const special = enumTest(left.path, right.name)
    if (special !== undefined) return special
  }
  const value = scalarOf(right)
  if (op === '==' || op === '!=') {
    const isNot = (op === '!=') !== isNegated
    if (value === null) return on(left, { exists: isNot })
    return on(left, isNot ? { not: value } : value)
  }
  if (isNegated || typeof value !== 'number') throw new NoTwin(`${op} compares with a number`)
  return on(left, { [LIMITS[op]]: value })
}

function enumTest(path: string, name: string): Conditions | undefined {
  if (/(^|\.)type$/.test(path) && KINDS[name] !== undefined) return { kind: KINDS[name] }
  if (path.endsWith('aggregation_temporality') && TEMPORALITIES[name] !== undefined)
    return { temporality: TEMPORALITIES[name] }
  return undefined
}

function callTest({ name, args }: Expr & { type: 'call' }, isNegated: boolean): Conditions {
  const [first, second] = args
  if (name === 'IsMatch' && second !== undefined) {
    const regex = { regex: String(scalarOf(second)) }
    return on(first, isNegated ? { not: regex } : regex)
  }
  const key = first === undefined ? undefined : first.type === 'value' ? String(first.value) : undefined
  if (key !== undefined && /^HasAttrKeyOnDatapoint$/.test(name))
    return { attributes: { [key]: { exists: !isNegated } } }
  if (key !== undefined && name === 'HasAttrOnDatapoint' && second !== undefined) {
    const value = scalarOf(second)
    return { attributes: { [key]: isNegated ? { not: value } : value } }
  }
  throw new NoTwin(`the function ${name} has no twin`)
}

function on(left: Expr, wanted: Yaml): Conditions {
  const field = fieldOf(left)
  return field === 'name' ? { name: starsQuoted(wanted) } : { attributes: { [field.attribute]: starsQuoted(wanted) } }
}

/** `*` stands for any characters here. */
function starsQuoted(wanted: Yaml): Yaml {
  if (typeof wanted !== 'string' || !wanted.includes('*')) return wanted
  return { regex: `^${wanted.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$` }
}

function scalarOf(expr: Expr): string | number | boolean | null {
  if (expr.type === 'value') return expr.value
  const [, severity, step] = (expr.type === 'enum' && /^SEVERITY_NUMBER_([A-Z]+)([234]?)$/.exec(expr.name)) || []
  const level = SEVERITIES.indexOf(severity ?? '')
  if (level >= 0) return level * 4 + Number(step || 1)
  throw new NoTwin('a text, a number, true, false or nil is expected')
}

function merged(one: Conditions, other: Conditions): Conditions {
  for (const key of ['name', 'kind', 'temporality'] as const)
    if (one[key] !== undefined && other[key] !== undefined) throw new NoTwin(`two conditions on ${key} have no twin`)
  const twice = Object.keys(one.attributes ?? {}).find(key => other.attributes?.[key] !== undefined)
  if (twice !== undefined) throw new NoTwin(`two conditions on ${twice} have no twin`)
  const attributes = { ...one.attributes, ...other.attributes }
  return { ...one, ...other, ...(Object.keys(attributes).length > 0 ? { attributes } : {}) }
}
