import { isUtf8 } from 'node:buffer'
import { BadInputError } from '../../errors.ts'
import { count } from '../../plural.ts'

const MAX_VARINT_BYTES = 10

/** A field's tag as it stands on the wire: `field << 3 | wire type`. Compare whole tags: a wrong wire type is then unknown. */
export const varintTag = (field: number) => field << 3
export const fixed64Tag = (field: number) => (field << 3) | 1
export const lengthTag = (field: number) => (field << 3) | 2
export const fixed32Tag = (field: number) => (field << 3) | 5

/**
 * Reads the protobuf wire format (https://protobuf.dev/programming-guides/encoding) without copying. Nothing is read
 * at or past `limit`, the end of the message at hand. Throws {@link BadInputError} with the byte's offset in `bytes`.
 *
 * A message is read so: `while (reader.at < reader.limit) { const tag = reader.tag(); … else reader.skip(tag) }`.
 */
export class ProtobufReader {
  readonly bytes: Buffer
  readonly view: DataView
  /** Offset of the next byte. */
  at: number
  limit: number
  /** Strings that were not UTF-8. */
  replacedTexts = 0

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.at = start
    this.limit = end
  }

  tag(): number {
    const start = this.at
    const tag = this.varint()
    if (tag < 8 || tag > 0xffffffff) throw malformed(`no field has the tag ${tag}`, start)
    return tag
  }

  /** An unsigned number, exact up to 2^53. */
  varint(): number {
    if (this.at >= this.limit) throw cutOff('a varint', this.at, this.limit)
    const byte = this.bytes[this.at++]
    if (byte < 0x80) return byte
    // Lengths of messages mostly have two bytes.
    const next = this.bytes[this.at]
    if (next >= 0x80 || this.at >= this.limit) return this.#longVarint(byte & 0x7f)
    this.at++
    return (byte & 0x7f) | (next << 7)
  }

  /** A signed 64-bit number, a bigint only if a number cannot hold it. */
  int64(): number | bigint {
    const start = this.at
    this.varint()
    let bits = 0n
    for (let i = this.at - 1; i >= start; i--) bits = (bits << 7n) | BigInt(this.bytes[i] & 0x7f)
    const value = BigInt.asIntN(64, bits)
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }

  /** Zigzag-encoded. */
  sint32(): number {
    const value = this.varint()
    return (value >>> 1) ^ -(value & 1)
  }

  /** Exact up to 2^53. */
  fixed64(): number {
    const at = this.take(8)
    return this.view.getUint32(at + 4, true) * 2 ** 32 + this.view.getUint32(at, true)
  }

  double(): number {
    return this.view.getFloat64(this.take(8), true)
  }

  /** A length-delimited string. Bytes that are not UTF-8, as proto3 demands, become U+FFFD: one string is not a message. */
  text(): string {
    const length = this.varint()
    const start = this.take(length)
    const end = this.at
    for (let i = start; i < end; i++) if (this.bytes[i] > 0x7f) return this.#unicode(start, end)
    return this.bytes.toString('latin1', start, end)
  }

  /** The content of a length-delimited field, as a view of `bytes`. */
  blob(): Buffer {
    const length = this.varint()
    const start = this.take(length)
    return this.bytes.subarray(start, this.at)
  }

  /** Goes into the length-delimited field ahead, which becomes the current message. `leave` takes the result. */
  enter(): number {
    const length = this.varint()
    const outer = this.limit
    if (this.at + length > outer) throw cutOff(`a field of ${count(length, 'byte')}`, this.at, outer)
    this.limit = this.at + length
    return outer
  }

  /** To just after the field entered, whatever was read of it. */
  leave(outer: number): void {
    this.at = this.limit
    this.limit = outer
  }

  /** Past the value of a field with this tag. */
  skip(tag: number): void {
    const wire = tag & 7
    if (wire === 2) this.take(this.varint())
    else if (wire === 0) this.varint()
    else if (wire === 1) this.take(8)
    else if (wire === 5) this.take(4)
    else throw malformed(`field ${tag >>> 3} has wire type ${wire}, which OTLP and remote write do not use`, this.at)
  }

  /**
   * Past the fields ahead that are length-delimited, shorter than 16 KiB and have this tag, of one byte. Their number;
   * what follows them is left to the caller.
   */
  skipRun(tag: number): number {
    const { bytes, limit } = this
    let fields = 0
    // Three bytes are a tag and the longest length that is read here.
    for (let at = this.at; at + 3 <= limit && bytes[at] === tag; fields++) {
      let length = bytes[at + 1]
      let start = at + 2
      if (length >= 0x80) {
        if (bytes[start] >= 0x80) break
        length = (length & 0x7f) | (bytes[start++] << 7)
      }
      if (start + length > limit) break
      this.at = at = start + length
    }
    return fields
  }

  /** Moves past `length` bytes and returns their start. */
  take(length: number): number {
    const start = this.at
    if (start + length > this.limit) throw cutOff(`a value of ${count(length, 'byte')}`, start, this.limit)
    this.at = start + length
    return start
  }

  #longVarint(low: number): number {
    let value = low
    let factor = 0x80
    for (let i = 1; i < MAX_VARINT_BYTES; i++) {
      if (this.at >= this.limit) throw cutOff('a varint', this.at, this.limit)
      const byte = this.bytes[this.at++]
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
      factor *= 0x80
    }
    throw malformed(`a varint is longer than ${MAX_VARINT_BYTES} bytes`, this.at - MAX_VARINT_BYTES)
  }

  #unicode(start: number, end: number): string {
    if (!isUtf8(this.bytes.subarray(start, end))) this.replacedTexts++
    return this.bytes.toString('utf8', start, end)
  }
}

const malformed = (what: string, at: number) => new BadInputError(`protobuf: ${what} at byte ${at}`)
const cutOff = (what: string, at: number, limit: number) =>
  malformed(`${what} does not fit into the ${count(limit - at, 'byte')} left`, at)
