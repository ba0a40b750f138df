import type { Attributes, AttributeValue } from './attributes.ts'

// Bytes in memory, as measured with Node 26.
/** A pair, its place in the list, and the heads of its two texts. */
const PER_ATTRIBUTE = 112
/** Two objects, the heads of their texts, and the note by which the key is found. */
const PER_SHARED = 320
const PER_SCALAR = 16
const PER_BYTES_VALUE = 96
const PER_LIST = 48
const PER_ITEM = 8
const PER_KEY = 64

/** Memory of a resource, a scope or a metric, which many series share. Twice: a key made of it is kept with it. */
export function sharedBytes(attributes: Attributes, ...texts: readonly string[]): number {
  return PER_SHARED + 2 * texts.reduce((bytes, text) => bytes + text.length, attributesBytes(attributes))
}

/** Memory that attributes take, in bytes, at a byte a character. */
export function attributesBytes(attributes: Attributes): number {
  let bytes = attributes.length * PER_ATTRIBUTE
  for (const [name, value] of attributes) bytes += name.length + valueBytes(value)
  return bytes
}

/** Memory of attributes of these names, in bytes, without their values. */
export function namedBytes(names: readonly string[]): number {
  return names.reduce((bytes, name) => bytes + name.length, names.length * PER_ATTRIBUTE)
}

function valueBytes(value: AttributeValue): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return PER_SCALAR
  if (value instanceof Uint8Array) return PER_BYTES_VALUE + value.length
  let bytes = PER_LIST
  if (isList(value)) for (const item of value) bytes += PER_ITEM + valueBytes(item)
  else for (const key of Object.keys(value)) bytes += PER_KEY + key.length + valueBytes(value[key])
  return bytes
}

const isList = (value: object): value is readonly AttributeValue[] => Array.isArray(value)
