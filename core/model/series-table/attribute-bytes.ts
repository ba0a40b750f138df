// The attributes of a series as bytes: OTLP's KeyValue messages, each a field of the number that data points of the
// series' kind have for them. So the bytes of most requests are the key of their series.
//
// One form of each set of attributes is canonical: sorted by key, lengths and integers as short as they can be, whole
// numbers as int_value, everything else as `any-value.ts` reads it back.

import { lengthTag, ProtobufReader } from '../../wire/protobuf/reader.ts'
import { ProtobufWriter } from '../../wire/protobuf/writer.ts'
import { readAttributes } from '../any-value.ts'
import type { Attributes, AttributeValue } from '../attributes.ts'
import type { ItemLimits } from '../item-limits.ts'
import type { MetricKind } from '../series.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
const NUMBER_ATTRIBUTES = 7
const HISTOGRAM_ATTRIBUTES = 9
const EXPONENTIAL_ATTRIBUTES = 1

const KEY = 1
const VALUE = 2
const STRING_VALUE = 1
const BOOL_VALUE = 2
const INT_VALUE = 3
const DOUBLE_VALUE = 4
const ARRAY_VALUE = 5
const KVLIST_VALUE = 6
const BYTES_VALUE = 7
const VALUES = 1
const NAN_HIGH = 0x7ff80000

/** The field of a data point that has its attributes. */
export function attributesField(kind: MetricKind): number {
  if (kind === 'histogram') return HISTOGRAM_ATTRIBUTES
  return kind === 'exponential_histogram' ? EXPONENTIAL_ATTRIBUTES : NUMBER_ATTRIBUTES
}

/** Writes attributes in their canonical form. */
export class AttributeWriter {
  readonly #writer = new ProtobufWriter()

  /** The bytes are valid until the next call. @param attributes sorted */
  write(attributes: Attributes, kind: MetricKind): Uint8Array {
    const writer = this.#writer
    const field = attributesField(kind)
    writer.reset()
    for (const [key, value] of attributes) writer.nested(field, () => writeKeyValue(writer, key, value))
    return writer.finish()
  }
}

/** The content of a KeyValue. */
export function writeKeyValue(writer: ProtobufWriter, key: string, value: AttributeValue): void {
  writer.string(KEY, key)
  writer.nested(VALUE, () => writeAnyValue(writer, value))
}

/** The content of an AnyValue. Null is a value without a field. */
export function writeAnyValue(writer: ProtobufWriter, value: AttributeValue): void {
  if (typeof value === 'string') writer.string(STRING_VALUE, value)
  else if (typeof value === 'number') writeNumber(writer, value)
  else if (typeof value === 'boolean') writer.integer(BOOL_VALUE, value ? 1 : 0)
  else if (typeof value === 'bigint') writer.int64(INT_VALUE, value)
  else if (value instanceof Uint8Array) writer.bytes(BYTES_VALUE, value)
  else if (value !== null) writeComposite(writer, value)
}

function writeNumber(writer: ProtobufWriter, value: number): void {
  if (Number.isSafeInteger(value)) writer.integer(INT_VALUE, value)
  else if (Number.isNaN(value)) writer.fixed64(DOUBLE_VALUE, NAN_HIGH, 0)
  else writer.double(DOUBLE_VALUE, value)
}

function writeComposite(
  writer: ProtobufWriter,
  value: readonly AttributeValue[] | { readonly [key: string]: AttributeValue }
): void {
  if (isList(value))
    writer.nested(ARRAY_VALUE, () => {
      for (const item of value) writer.nested(VALUES, () => writeAnyValue(writer, item))
    })
  else
    writer.nested(KVLIST_VALUE, () => {
      for (const key of Object.keys(value).sort()) writer.nested(VALUES, () => writeKeyValue(writer, key, value[key]))
    })
}

/** The attributes that {@link AttributeWriter} wrote. */
export function attributesOf(bytes: Buffer, start: number, end: number, kind: MetricKind): Attributes {
  return readAttributes(new ProtobufReader(bytes, start, end), lengthTag(attributesField(kind)))
}

// Bytes of tags, as the canonical form of texts has them.
const KEY_TAG = lengthTag(KEY)
const VALUE_TAG = lengthTag(VALUE)
const STRING_TAG = lengthTag(STRING_VALUE)

/**
 * The length of names and values together if the bytes are surely canonical and within `limits`: texts alone, in ASCII.
 * Undefined if they have to be decoded to know.
 */
export class PlainAttributes {
  #bytes: Uint8Array = new Uint8Array()
  #at = 0

  measure(bytes: Uint8Array, start: number, end: number, tag: number, limits: ItemLimits): number | undefined {
    this.#bytes = bytes
    this.#at = start
    let total = 0
    let lastKey = start
    let lastLength = 0
    for (let count = 1; this.#at < end; count++) {
      if (count > limits.max_attributes) return undefined
      const entry = this.#enter(tag, end)
      const keyLength = this.#text(KEY_TAG, entry, limits.max_name_length)
      const key = this.#at - keyLength
      const valueEnd = this.#enter(VALUE_TAG, entry)
      const valueLength = this.#text(STRING_TAG, valueEnd, limits.max_value_length)
      if (keyLength <= 0 || valueLength < 0 || valueEnd !== entry || this.#at !== entry) return undefined
      if (count > 1 && !this.#isBefore(lastKey, lastLength, key, keyLength)) return undefined
      lastKey = key
      lastLength = keyLength
      total += keyLength + valueLength
    }
    return total
  }

  /** The end of the field with `tag` that begins here; -1 if there is none, or it ends behind `limit`. */
  #enter(tag: number, limit: number): number {
    const bytes = this.#bytes
    if (limit < 0 || this.#at + 2 > limit || bytes[this.#at] !== tag) return -1
    let length = bytes[this.#at + 1]
    this.#at += 2
    if (length > 0x7f) {
      const high = bytes[this.#at++]
      if (high === 0 || high > 0x7f) return -1
      length = (length & 0x7f) | (high << 7)
    }
    const end = this.#at + length
    return end > limit ? -1 : end
  }

  /** The length of the text with `tag` that begins here, which is passed; -1 if it is not plain. */
  #text(tag: number, limit: number, longest: number): number {
    const end = this.#enter(tag, limit)
    const length = end - this.#at
    if (end < 0 || length > longest) return -1
    for (; this.#at < end; this.#at++) if (this.#bytes[this.#at] > 0x7f) return -1
    return length
  }

  #isBefore(a: number, aLength: number, b: number, bLength: number): boolean {
    const bytes = this.#bytes
    for (let i = 0; i < aLength && i < bLength; i++)
      if (bytes[a + i] !== bytes[b + i]) return bytes[a + i] < bytes[b + i]
    return aLength < bLength
  }
}

const isList = (value: object): value is readonly AttributeValue[] => Array.isArray(value)
