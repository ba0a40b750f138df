import { FLAG_NO_RECORDED_VALUE, type PointBlockBuilder } from '../../model/points.ts'
import { isStaleMarker } from '../prometheus/stale-marker.ts'
import { fixed64Tag, ProtobufReader, varintTag } from '../protobuf/reader.ts'

// Sample: value 1 (double), timestamp 2 (int64, ms), start_timestamp 3 (2.0).
const VALUE = fixed64Tag(1)
const TIMESTAMP = varintTag(2)
const START_TIMESTAMP = varintTag(3)

/** Value and timestamp, as every sender orders them: sizes and tags. */
const VALUE_BYTES = 9
const LEAST_BYTES = VALUE_BYTES + 2
const HIGH_BIT = 0x80

/** Reads samples into rows. */
export class SampleReader {
  /** The bytes of the timestamp read last: most are as the one before. */
  #low = 0
  #high = 0
  #time = 0

  /**
   * Reads a Sample, whose tag was read, into the next row.
   * @param start of all samples of the series, Unix ms, unless the sample tells its own
   */
  read(reader: ProtobufReader, builder: PointBlockBuilder, start: number): void {
    const { bytes, view, at } = reader
    const size = bytes[at]
    const end = at + 1 + size
    // Six bytes are a timestamp from 2004 to 2109.
    const isUsual = size === LEAST_BYTES + 5 && bytes[at + 1] === VALUE && bytes[at + 1 + VALUE_BYTES] === TIMESTAMP
    if (!isUsual || end > reader.limit || bytes[end - 1] >= HIGH_BIT) return this.#readAny(reader, builder, start)
    const flags = isStaleMarker(view, at + 2, end) ? FLAG_NO_RECORDED_VALUE : 0
    builder.addUnnamed(this.#timeAt(view, at + 2 + VALUE_BYTES), view.getFloat64(at + 2, true), start, flags)
    reader.at = end
  }

  /** The timestamp whose six bytes begin at `at`. */
  #timeAt(view: DataView, at: number): number {
    const low = view.getUint32(at, true)
    const high = view.getUint16(at + 4, true)
    if (low !== this.#low || high !== this.#high) {
      this.#low = low
      this.#high = high
      this.#time = readMs(new ProtobufReader(Buffer.from(view.buffer, view.byteOffset + at, 6)))
    }
    return this.#time
  }

  #readAny(reader: ProtobufReader, builder: PointBlockBuilder, start: number): void {
    const outer = reader.enter()
    let value = 0
    let time = 0
    let own = start
    let flags = 0
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === VALUE) {
        flags = isStaleMarker(reader.view, reader.at, reader.limit) ? FLAG_NO_RECORDED_VALUE : 0
        value = reader.double()
      } else if (tag === TIMESTAMP) time = readMs(reader)
      else if (tag === START_TIMESTAMP) own = readMs(reader) || start
      else reader.skip(tag)
    }
    reader.leave(outer)
    builder.addUnnamed(time, value, own, flags)
  }
}

/** An int64 of Unix ms. */
export function readMs(reader: ProtobufReader): number {
  const { at } = reader
  const value = reader.varint()
  if (value <= Number.MAX_SAFE_INTEGER) return value
  reader.at = at
  return Number(reader.int64())
}
