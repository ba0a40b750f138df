import { BadInputError } from '../errors.ts'
import { fixed64Tag, lengthTag, type ProtobufReader, varintTag } from '../wire/protobuf/reader.ts'
import { type Attribute, type Attributes, type AttributeValue, sortAttributes } from './attributes.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/common/v1/common.proto
// KeyValue: key 1, value 2. ArrayValue and KeyValueList: values 1. AnyValue:
//   string_value 1 · bool_value 2 · int_value 3 (int64) · double_value 4 · array_value 5 · kvlist_value 6 · bytes_value 7
const KEY = lengthTag(1)
const VALUE = lengthTag(2)
const VALUES = lengthTag(1)
const STRING = lengthTag(1)
const BOOL = varintTag(2)
const INT = varintTag(3)
const DOUBLE = fixed64Tag(4)
const ARRAY = lengthTag(5)
const MAP = lengthTag(6)
const BYTES = lengthTag(7)

/** Values nested deeper than this are refused: nobody means them, and they would exhaust the stack. */
export const MAX_VALUE_DEPTH = 64

/** All fields with `tag` in the rest of the message, as attributes. */
export function readAttributes(reader: ProtobufReader, tag: number): Attributes {
  const pairs: Attribute[] = []
  while (reader.at < reader.limit) {
    const next = reader.tag()
    if (next === tag) pairs.push(readKeyValue(reader, 0))
    else reader.skip(next)
  }
  return sortAttributes(pairs)
}

/** One KeyValue, its tag already read. */
export function readKeyValue(reader: ProtobufReader, depth: number): Attribute {
  let key = ''
  let value: AttributeValue = null
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === KEY) key = reader.text()
    else if (tag === VALUE) value = readAnyValue(reader, depth)
    else reader.skip(tag)
  }
  reader.leave(outer)
  return [key, value]
}

/** A map attribute: its order says nothing, so it is kept sorted. */
export function mapValue(pairs: readonly Attribute[]): AttributeValue {
  return Object.fromEntries(sortAttributes(pairs))
}

export function checkDepth(depth: number, where: () => string): void {
  if (depth > MAX_VALUE_DEPTH)
    throw new BadInputError(`an attribute is nested deeper than ${MAX_VALUE_DEPTH} at ${where()}`)
}

/** The value of a field whose tag was read. */
export function readAnyValue(reader: ProtobufReader, depth: number): AttributeValue {
  checkDepth(depth, () => `byte ${reader.at}`)
  let value: AttributeValue = null
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === STRING) value = reader.text()
    else if (tag === BOOL) value = reader.varint() !== 0
    else if (tag === INT) value = reader.int64()
    else if (tag === DOUBLE) value = reader.double()
    else if (tag === ARRAY) value = readList(reader, depth + 1, readAnyValue)
    else if (tag === MAP) value = mapValue(readList(reader, depth + 1, readKeyValue))
    else if (tag === BYTES) value = Uint8Array.from(reader.blob())
    else reader.skip(tag)
  }
  reader.leave(outer)
  return value
}

function readList<T>(
  reader: ProtobufReader,
  depth: number,
  readItem: (reader: ProtobufReader, depth: number) => T
): T[] {
  const items: T[] = []
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === VALUES) items.push(readItem(reader, depth))
    else reader.skip(tag)
  }
  reader.leave(outer)
  return items
}
