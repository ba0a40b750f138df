// The values of attributes as bytes, one after the other. Equal values are equal bytes, and different values differ.
// A value is a tag of one byte and its content:
//
//   TEXT        length (1 byte), ASCII           fewer than 256 characters, all of them ASCII
//   LONG_TEXT   length (4 bytes), UTF-8          any other text
//   NUMBER      double (8 bytes)                 both zeros are written as 0
//   TRUE, FALSE, NULL                            no content
//   OTHER       length (4 bytes), V8's format    lists, maps, bytes, big integers
//
// Integers are little-endian. Keys are kept elsewhere, in the same order.
import { deserialize, serialize } from 'node:v8'
import type { Attributes, AttributeValue } from '../../model/attributes.ts'

const TEXT = 0
const LONG_TEXT = 1
const NUMBER = 2
const TRUE = 3
const FALSE = 4
const NULL = 5
const OTHER = 6
const LONGEST_SHORT = 255
/** Most bytes of UTF-8 that a UTF-16 unit becomes. */
const BYTES_PER_UNIT = 3
const HEAD_BYTES = 9
const INITIAL_CAPACITY = 4096

/** Writes attribute values as bytes into a buffer that is used again and again. */
export class ValueWriter {
  bytes = Buffer.allocUnsafeSlow(INITIAL_CAPACITY)
  length = 0

  /** The values of `attributes`, without their keys. */
  write(attributes: Attributes): void {
    this.length = 0
    for (const [, value] of attributes) {
      if (typeof value === 'string') this.#text(value)
      else this.#other(value)
    }
  }

  #text(text: string): void {
    const units = text.length
    this.#room(HEAD_BYTES + units * BYTES_PER_UNIT)
    const { bytes } = this
    let at = this.length + 2
    let i = 0
    // Calls into native code cost more than short texts of plain ASCII.
    for (; i < units && i < LONGEST_SHORT; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) break
      bytes[at++] = unit
    }
    if (i < units) return this.#encoded(text)
    bytes[this.length] = TEXT
    bytes[this.length + 1] = units
    this.length = at
  }

  #encoded(text: string): void {
    const written = this.bytes.write(text, this.length + HEAD_BYTES)
    this.bytes[this.length] = LONG_TEXT
    this.bytes.writeUInt32LE(written, this.length + 1)
    this.bytes.copyWithin(this.length + 5, this.length + HEAD_BYTES, this.length + HEAD_BYTES + written)
    this.length += 5 + written
  }

  #other(value: AttributeValue): void {
    this.#room(HEAD_BYTES)
    if (typeof value === 'number') {
      this.bytes[this.length] = NUMBER
      // Both zeros are one value.
      this.bytes.writeDoubleLE(value + 0, this.length + 1)
      this.length += HEAD_BYTES
    } else if (typeof value === 'boolean') this.bytes[this.length++] = value ? TRUE : FALSE
    else if (value === null) this.bytes[this.length++] = NULL
    else {
      // A Buffer of the same bytes is the same value.
      const other = serialize(value instanceof Uint8Array ? Uint8Array.from(value) : value)
      this.#room(other.length + 5)
      this.bytes[this.length] = OTHER
      this.bytes.writeUInt32LE(other.length, this.length + 1)
      other.copy(this.bytes, this.length + 5)
      this.length += 5 + other.length
    }
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.length + bytes))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }
}

/** Reads the values that {@link ValueWriter} wrote at `at`, and joins them with their `keys`. */
export function readAttributes(keys: readonly string[], bytes: Buffer, at: number): Attributes {
  let next = at
  return keys.map(key => {
    const tag = bytes[next++]
    if (tag === TEXT) {
      const start = next + 1
      next = start + bytes[next]
      return [key, bytes.toString('latin1', start, next)]
    }
    if (tag === LONG_TEXT || tag === OTHER) {
      const start = next + 4
      next = start + bytes.readUInt32LE(next)
      return [key, tag === OTHER ? deserialize(bytes.subarray(start, next)) : bytes.toString('utf8', start, next)]
    }
    if (tag !== NUMBER) return [key, tag === NULL ? null : tag === TRUE]
    next += 8
    return [key, bytes.readDoubleLE(next - 8)]
  })
}
