import { FLAG_NO_RECORDED_VALUE, type PointBlockBuilder } from '../../model/points.ts'
import { isStaleMarker } from '../prometheus/stale-marker.ts'
import { fixed64Tag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'

// Sample: value 1 (double), timestamp 2 (int64, ms), start_timestamp 3 (2.0).
const VALUE = fixed64Tag(1)
const TIMESTAMP = varintTag(2)
const START_TIMESTAMP = varintTag(3)

/**
 * Reads a Sample, whose tag was read, into the next row.
 * @param start of all samples of the series, Unix ms, unless the sample tells its own
 */
export function readSample(reader: ProtobufReader, builder: PointBlockBuilder, start: number): void {
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

/** An int64 of Unix ms. */
export function readMs(reader: ProtobufReader): number {
  const { at } = reader
  const value = reader.varint()
  if (value <= Number.MAX_SAFE_INTEGER) return value
  reader.at = at
  return Number(reader.int64())
}
