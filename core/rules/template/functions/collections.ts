import { TemplateFailure } from '../template-error.ts'
import { AnyMap, Html, Samples, StringMap, typeName, type Value } from '../values.ts'
import type { TemplateFunction } from './function.ts'

/** `len`, `index`, `slice`, and `args`, which makes a map of its arguments. Lengths of texts are in bytes, as in Go. */
export const COLLECTIONS: Readonly<Record<string, TemplateFunction>> = {
  len: { parameters: ['any'], call: ([value]) => BigInt(lengthOf(value)) },
  index: {
    parameters: ['any', 'any'],
    isVariadic: true,
    call: ([value, ...keys]) => keys.reduce(element, value)
  },
  slice: {
    parameters: ['any', 'any'],
    isVariadic: true,
    call: ([value, ...bounds]) => slice(value, bounds)
  },
  args: { parameters: ['any'], isVariadic: true, call: values => new AnyMap(argumentsByName(values)) }
}

function lengthOf(value: Value): number {
  if (value === undefined) throw new TemplateFailure('len of nil pointer')
  if (typeof value === 'string') return Buffer.byteLength(value)
  if (value instanceof Html) return Buffer.byteLength(value.text)
  if (value instanceof Samples) return value.list.length
  if (value instanceof StringMap || value instanceof AnyMap) return value.entries.size
  throw new TemplateFailure(`len of type ${typeName(value)}`)
}

function element(value: Value, key: Value): Value {
  if (value === undefined) throw new TemplateFailure('index of untyped nil')
  if (value instanceof StringMap || value instanceof AnyMap) {
    if (typeof key !== 'string') throw new TemplateFailure(`value has type ${typeName(key)}; should be string`)
    return value.entries.get(key) ?? (value instanceof StringMap ? '' : undefined)
  }
  if (value instanceof Samples) return value.list[indexOf(key, value.list.length, 'slice')]
  if (typeof value !== 'string') throw new TemplateFailure(`can't index item of type ${typeName(value)}`)
  const bytes = Buffer.from(value)
  return BigInt(bytes[indexOf(key, bytes.length, 'string')]!)
}

function indexOf(key: Value, length: number, what: 'slice' | 'string'): number {
  const index = wholeNumber(key)
  // Go finds this one index out in another place.
  if (index === length) throw new TemplateFailure(`reflect: ${what} index out of range`)
  if (index < 0 || index > length) throw new TemplateFailure(`index out of range: ${index}`)
  return index
}

function slice(value: Value, bounds: readonly Value[]): Value {
  if (value === undefined) throw new TemplateFailure('slice of untyped nil')
  if (bounds.length > 3) throw new TemplateFailure(`too many slice indexes: ${bounds.length}`)
  if (typeof value === 'string') {
    if (bounds.length === 3) throw new TemplateFailure('cannot 3-index slice a string')
    const bytes = Buffer.from(value)
    return bytes.subarray(...rangeOf(bounds, bytes.length)).toString()
  }
  if (value instanceof Samples) return new Samples(value.list.slice(...rangeOf(bounds, value.list.length)))
  throw new TemplateFailure(`can't slice item of type ${typeName(value)}`)
}

function rangeOf(bounds: readonly Value[], length: number): [number, number] {
  const numbers = bounds.map(bound => {
    const index = wholeNumber(bound)
    if (index < 0 || index > length) throw new TemplateFailure(`index out of range: ${index}`)
    return index
  })
  const [start = 0, end = length, capacity = length] = numbers
  if (start > end) throw new TemplateFailure(`invalid slice index: ${start} > ${end}`)
  if (end > capacity) throw new TemplateFailure(`invalid slice index: ${end} > ${capacity}`)
  return [start, end]
}

function wholeNumber(value: Value): number {
  if (value === undefined) throw new TemplateFailure('cannot index slice/array with nil')
  if (typeof value !== 'bigint') throw new TemplateFailure(`cannot index slice/array with type ${typeName(value)}`)
  return Number(value)
}

function argumentsByName(values: readonly Value[]): Map<string, Value> {
  const pairs = values.map((value, i): [string, Value] => [`arg${i}`, value])
  return new Map(pairs.sort(([a], [b]) => (a < b ? -1 : 1)))
}
