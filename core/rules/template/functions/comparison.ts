import { BoundedText } from '../bounded-text.ts'
import { printValue } from '../printing/print-value.ts'
import { TemplateFailure } from '../template-error.ts'
import { NamedInt } from '../times.ts'
import { Html, isTrue, typeName, type Value } from '../values.ts'
import type { TemplateFunction } from './function.ts'

type Kind = 'bool' | 'float' | 'int' | 'string'
type Basic = boolean | number | bigint | string

const two = (call: (a: Value, b: Value) => boolean): TemplateFunction => ({
  parameters: ['any', 'any'],
  call: ([a, b]) => call(a, b)
})

/** Go's comparisons. An int and a float64 cannot be compared. */
export const COMPARISONS: Readonly<Record<string, TemplateFunction>> = {
  eq: { parameters: ['any', 'any'], isVariadic: true, call: ([first, ...others]) => equalsAny(first, others) },
  ne: two((a, b) => !equals(a, b)),
  lt: two(isLess),
  le: two((a, b) => isLess(a, b) || equals(a, b)),
  gt: two((a, b) => !(isLess(a, b) || equals(a, b))),
  ge: two((a, b) => !isLess(a, b)),
  not: { parameters: ['any'], call: ([value]) => !isTrue(value) }
}

function equalsAny(value: Value, others: readonly Value[]): boolean {
  if (others.length === 0) throw new TemplateFailure('missing argument for comparison')
  return others.some(other => equals(value, other))
}

function equals(a: Value, b: Value): boolean {
  const [x, y] = [basic(a), basic(b)]
  if (x !== undefined || y !== undefined) {
    if (x?.kind === y?.kind) return x!.value === y!.value
    if (a === undefined || b === undefined) return false
    throw new TemplateFailure('incompatible types for comparison')
  }
  if (a === undefined || b === undefined) return a === b
  const bad = [a, b].find(value => typeName(value).startsWith('map') || typeName(value).endsWith('queryResult'))
  if (bad !== undefined) throw new TemplateFailure(`non-comparable type ${textOf(bad)}: ${typeName(bad)}`)
  return a === b
}

function isLess(a: Value, b: Value): boolean {
  const [x, y] = [basic(a), basic(b)]
  if (x === undefined || y === undefined) throw new TemplateFailure('invalid type for comparison')
  if (x.kind !== y.kind) throw new TemplateFailure('incompatible types for comparison')
  if (x.kind === 'bool') throw new TemplateFailure('invalid type for comparison')
  return x.value < y.value
}

function basic(value: Value): { readonly kind: Kind; readonly value: Basic } | undefined {
  switch (typeof value) {
    case 'boolean':
      return { kind: 'bool', value }
    case 'number':
      return { kind: 'float', value }
    case 'bigint':
      return { kind: 'int', value }
    case 'string':
      return { kind: 'string', value }
  }
  if (value instanceof Html) return { kind: 'string', value: value.text }
  return value instanceof NamedInt ? { kind: 'int', value: value.value } : undefined
}

function textOf(value: Value): string {
  const text = new BoundedText()
  printValue(text, value)
  return text.text
}
