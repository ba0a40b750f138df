/** OpenTelemetry `AnyValue`. A 64-bit integer that a JavaScript number cannot hold exactly is a bigint. */
export type AttributeValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }

/** Sorted by key (code units), keys unique. Built by {@link sortAttributes}; immutable. */
export type Attributes = readonly Attribute[]
export type Attribute = readonly [key: string, value: AttributeValue]

export const NO_ATTRIBUTES: Attributes = []

/** Sorts by key; of equal keys the last wins, as OpenTelemetry SDKs do. */
export function sortAttributes(pairs: readonly Attribute[]): Attributes {
  if (pairs.length < 2) return pairs
  let sorted = true
  for (let i = 1; i < pairs.length && sorted; i++) sorted = pairs[i - 1][0] < pairs[i][0]
  return sorted ? pairs : [...new Map(pairs)].sort(byKey).map(asAttribute)
}

/** `attributes` with `more`, which replace those of the same key. Both are sorted, and so is the result. */
export function withAttributes(attributes: Attributes, more: Attributes): Attributes {
  if (more.length === 0) return attributes
  const merged: Attribute[] = []
  let at = 0
  for (const attribute of more) {
    while (at < attributes.length && attributes[at][0] < attribute[0]) merged.push(attributes[at++])
    if (at < attributes.length && attributes[at][0] === attribute[0]) at++
    merged.push(attribute)
  }
  while (at < attributes.length) merged.push(attributes[at++])
  return merged
}

export function findAttribute(attributes: Attributes, key: string): AttributeValue | undefined {
  for (const [name, value] of attributes) if (name === key) return value
  return undefined
}

/**
 * The value as a label: a string as it is, everything else as OpenTelemetry's "attribute to non-OTLP" rule says:
 * JSON for arrays and maps, base64 for bytes, empty for null.
 */
export function attributeText(value: AttributeValue): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (value instanceof Uint8Array) return base64(value)
  return typeof value === 'object' ? JSON.stringify(value, jsonValue) : String(value)
}

/** The value as a number, NaN if it is none. StatsD and Prometheus have only texts: "503" is a number there. */
export function attributeNumber(value: AttributeValue | undefined): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
}

/** One string for each distinct attribute set; keeps `1`, `"1"` and `true` apart. */
export function attributesKey(attributes: Attributes): string {
  let key = ''
  for (const [name, value] of attributes) key += `${name.length}:${name}${valueKey(value)}`
  return key
}

function valueKey(value: AttributeValue): string {
  const text = attributeText(value)
  return `${value instanceof Uint8Array ? 'x' : (typeof value)[0]}${text.length}:${text}`
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  return value instanceof Uint8Array ? base64(value) : value
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
const byKey = (a: readonly [string, AttributeValue], b: readonly [string, AttributeValue]) =>
  a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0
const asAttribute = (pair: [string, AttributeValue]): Attribute => pair
