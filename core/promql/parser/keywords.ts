import type { AggregationOp, BinaryOp } from '../ast.ts'

const AGGREGATIONS: readonly AggregationOp[] = [
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'quantile',
  'count_values',
  'limitk',
  'limit_ratio'
]
const PARAMETERS: ReadonlyMap<string, 'scalar' | 'string'> = new Map([
  ['topk', 'scalar'],
  ['bottomk', 'scalar'],
  ['quantile', 'scalar'],
  ['limitk', 'scalar'],
  ['limit_ratio', 'scalar'],
  ['count_values', 'string']
])
const EXPERIMENTAL_AGGREGATIONS: ReadonlySet<string> = new Set(['limitk', 'limit_ratio'])

/** Of the operators that bind loosest, 1. `^` alone groups from the right. */
const PRECEDENCES: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ...['and', 'unless'].map(op => [op, 2] as const),
  ...['==', '!=', '>', '<', '>=', '<=', '</', '>/'].map(op => [op, 3] as const),
  ...['+', '-'].map(op => [op, 4] as const),
  ...['*', '/', '%', 'atan2'].map(op => [op, 5] as const),
  ['^', 6]
])
const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<='])
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless'])

/** A sign binds as loosely as `*`: `-a ^ 2` is `-(a ^ 2)`. */
export const SIGN_PRECEDENCE = 6
/** Words that are no name of a metric. They are names of labels all the same. */
export const RESERVED: ReadonlySet<string> = new Set([
  'bool',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'atan2',
  'inf',
  'nan'
])

export function isAggregation(word: string): word is AggregationOp {
  return (AGGREGATIONS as readonly string[]).includes(word)
}

export function isExperimentalAggregation(op: AggregationOp): boolean {
  return EXPERIMENTAL_AGGREGATIONS.has(op)
}

/** Type of the parameter before the aggregated expression; undefined if the aggregation has none. */
export function parameterType(op: AggregationOp): 'scalar' | 'string' | undefined {
  return PARAMETERS.get(op)
}

/** Undefined if `word` is no binary operator. */
export function precedenceOf(word: string): number | undefined {
  return PRECEDENCES.get(word)
}

export function isComparison(op: BinaryOp): boolean {
  return COMPARISONS.has(op)
}

export function isSetOperator(op: BinaryOp): boolean {
  return SETS.has(op)
}

export function isTrimming(op: BinaryOp): boolean {
  return op === '</' || op === '>/'
}
