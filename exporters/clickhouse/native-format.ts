// ClickHouse's `Native` format: https://clickhouse.com/docs/interfaces/formats/Native and, for the column encodings,
// https://clickhouse.com/docs/native-protocol/columns. One block: columns, rows, then per column name, type, data.

import { MICROSECOND_RANGE, NANOSECOND_RANGE, type TimeRange } from './time-range.ts'

const LOW_CARDINALITY_VERSION = 1
// Flags of a LowCardinality block: keys follow here, and replace the dictionary so far.
const HAS_ADDITIONAL_KEYS = 1 << 9
const NEEDS_NEW_DICTIONARY = 1 << 10
const INDEX_UINT32 = 2
const INITIAL_BYTES = 1024
const TWO_POW_32 = 2 ** 32
const TWO_POW_64 = 2 ** 64
const MAX_UINT32 = TWO_POW_32 - 1
const TWO_POW_16 = 65_536

/** Grows as it is written to. `bytes()` is a view of the written bytes. */
export class ByteSink {
  length = 0
  #buffer = Buffer.allocUnsafe(INITIAL_BYTES)

  byte(value: number): void {
    this.reserve(1)
    this.#buffer[this.length++] = value
  }

  /** @param value 0 to 2^53, as LEB128 */
  varint(value: number): void {
    this.reserve(8)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.#buffer[this.length++] = (rest % 128) | 128
    this.#buffer[this.length++] = rest
  }

  /** @param value a whole number, 0 or more; from 2^64 on the largest that fits, 2^64 - 1, which no double is */
  uint64(value: number): void {
    this.reserve(8)
    const isLargest = value >= TWO_POW_64
    this.#buffer.writeUInt32LE(isLargest ? MAX_UINT32 : value % TWO_POW_32, this.length)
    this.#buffer.writeUInt32LE(isLargest ? MAX_UINT32 : Math.floor(value / TWO_POW_32), this.length + 4)
    this.length += 8
  }

  uint16(value: number): void {
    this.reserve(2)
    this.length = this.#buffer.writeUInt16LE(value, this.length)
  }

  int32(value: number): void {
    this.reserve(4)
    this.length = this.#buffer.writeInt32LE(value | 0, this.length)
  }

  float64(value: number): void {
    this.reserve(8)
    this.length = this.#buffer.writeDoubleLE(value, this.length)
  }

  /** Length and UTF-8. */
  text(value: string): void {
    const most = value.length * 3
    this.reserve(most + 8)
    if (value.length < 42) {
      // At most 126 bytes whatever it holds, so its length takes one byte, known after the fact.
      const written = this.#buffer.write(value, this.length + 1)
      this.#buffer[this.length] = written
      this.length += written + 1
      return
    }
    this.varint(Buffer.byteLength(value))
    this.length += this.#buffer.write(value, this.length)
  }

  raw(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.#buffer.set(bytes, this.length)
    this.length += bytes.length
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.length)
  }

  reserve(bytes: number): void {
    if (this.length + bytes <= this.#buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.length + bytes))
    this.#buffer.copy(grown, 0, 0, this.length)
    this.#buffer = grown
  }
}

/** An Array or Map column under way: `values` (and `keys`) of all rows, and the end of each row. */
export class NestedColumn {
  readonly keys = new ByteSink()
  readonly values = new ByteSink()
  readonly ends: Float64Array
  #items = 0
  #row = 0

  constructor(rows: number) {
    this.ends = new Float64Array(rows)
  }

  /** Ends the next row, which took `items` entries: every row is ended, in order. */
  endRow(items: number): void {
    this.#items += items
    this.ends[this.#row++] = this.#items
  }
}

/**
 * One block of `rows` rows, column by column. Typed arrays handed in are sent as they are, not copied: they must not
 * change until the block is sent. Little-endian machines only, as every one that Node runs on.
 */
export class NativeBlock {
  readonly rows: number
  readonly columns: string[] = []
  #chunks: Uint8Array[] = []

  constructor(rows: number) {
    this.rows = rows
  }

  /** Numbers whose memory is the wire form: Float64Array for Float64, Uint8Array for UInt8, … */
  numbers(name: string, type: string, values: NodeJS.TypedArray): void {
    this.#header(name, type)
    this.#chunks.push(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
  }

  /** @param ms Unix ms @param scale 6 or 9; a fraction keeps microseconds */
  time(name: string, scale: 6 | 9, ms: Float64Array): void {
    this.numbers(name, `DateTime64(${scale})`, scale === 6 ? microseconds(ms) : nanoseconds(ms))
  }

  /** Strings, length and UTF-8 each, as {@link ByteSink.text} writes them. */
  texts(name: string, values: ByteSink): void {
    this.#header(name, 'String')
    this.#chunks.push(values.bytes())
  }

  /** @param indices into `dictionary`, one a row */
  lowCardinality(name: string, dictionary: readonly string[], indices: Uint32Array): void {
    this.#header(name, 'LowCardinality(String)')
    const sink = new ByteSink()
    sink.uint64(LOW_CARDINALITY_VERSION)
    sink.uint64(INDEX_UINT32 | HAS_ADDITIONAL_KEYS | NEEDS_NEW_DICTIONARY)
    sink.uint64(dictionary.length)
    for (const text of dictionary) sink.text(text)
    sink.uint64(indices.length)
    this.#chunks.push(sink.bytes(), new Uint8Array(indices.buffer, indices.byteOffset, indices.byteLength))
  }

  array(name: string, itemType: string, column: NestedColumn): void {
    this.#header(name, `Array(${itemType})`)
    this.#chunks.push(offsets(column.ends), column.values.bytes())
  }

  map(name: string, keyType: string, valueType: string, column: NestedColumn): void {
    this.#header(name, `Map(${keyType}, ${valueType})`)
    this.#chunks.push(offsets(column.ends), column.keys.bytes(), column.values.bytes())
  }

  /** The block's bytes, in order. */
  chunks(): Uint8Array[] {
    const start = new ByteSink()
    start.varint(this.columns.length)
    start.varint(this.rows)
    return [start.bytes(), ...this.#chunks]
  }

  #header(name: string, type: string): void {
    const sink = new ByteSink()
    sink.text(name)
    sink.text(type)
    this.columns.push(name)
    this.#chunks.push(sink.bytes())
  }
}

/** A time in Unix ms as a DateTime64(6) has it. */
export function wholeMicroseconds(ms: number): number {
  return Math.round(clamp(ms, MICROSECOND_RANGE) * 1000)
}

function microseconds(ms: Float64Array): Uint32Array {
  const words = new Uint32Array(ms.length * 2)
  for (let i = 0; i < ms.length; i++) {
    const value = wholeMicroseconds(ms[i])
    words[2 * i] = value
    words[2 * i + 1] = Math.floor(value / TWO_POW_32)
  }
  return words
}

// Nanoseconds do not fit a double: seconds × 10^9 is done in two halves, the lower of 16 bits.
function nanoseconds(ms: Float64Array): Uint32Array {
  const words = new Uint32Array(ms.length * 2)
  for (let i = 0; i < ms.length; i++) {
    const micros = Math.round(clamp(ms[i], NANOSECOND_RANGE) * 1000)
    const seconds = Math.floor(micros / 1_000_000)
    const high = Math.floor(seconds / TWO_POW_16) * 1_000_000_000
    const low = (seconds - Math.floor(seconds / TWO_POW_16) * TWO_POW_16) * 1_000_000_000
    const carry = Math.floor(high / TWO_POW_16)
    const lower = (high - carry * TWO_POW_16) * TWO_POW_16 + low + (micros - seconds * 1_000_000) * 1000
    words[2 * i] = lower % TWO_POW_32
    words[2 * i + 1] = carry + Math.floor(lower / TWO_POW_32)
  }
  return words
}

/** Only beginnings of intervals are clamped; rows whose time is outside do not get here. */
function clamp(ms: number, { from, to }: TimeRange): number {
  return ms > to ? to : ms >= from ? ms : ms < from ? from : 0
}

function offsets(ends: Float64Array): Uint8Array {
  const words = new Uint32Array(ends.length * 2)
  for (let i = 0; i < ends.length; i++) {
    words[2 * i] = ends[i]
    words[2 * i + 1] = Math.floor(ends[i] / TWO_POW_32)
  }
  return new Uint8Array(words.buffer)
}
