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
import { deserialize } from 'node:v8'
import type { Attributes } from '../../model/attributes.ts'

const TEXT = 0
const LONG_TEXT = 1
const NUMBER = 2
const TRUE = 3
const NULL = 5
const OTHER = 6

/** Reads the values at `at`, and joins them with their `keys`. */
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
