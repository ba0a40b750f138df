import { readSpan } from '../prometheus/bucket-span.ts'
import type { NativeHistogram } from '../prometheus/native-histogram.ts'
import { isStaleMarker } from '../prometheus/stale-marker.ts'
import { fixed64Tag, lengthTag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'
import { double, readRepeated, zigzag } from '../protobuf/repeated.ts'
import { readMs } from './samples.ts'

// https://github.com/prometheus/prometheus/blob/main/prompb/types.proto and io/prometheus/write/v2/types.proto
// Histogram: count_int 1, count_float 2, sum 3, schema 4 (sint32), zero_threshold 5, zero_count_int 6,
//   zero_count_float 7, negative_spans 8, negative_deltas 9 (sint64), negative_counts 10, positive_spans 11,
//   positive_deltas 12, positive_counts 13, reset_hint 14, timestamp 15, custom_values 16, start_timestamp 17 (2.0).
const GAUGE_HINT = 3

/** Reads the Histogram that `reader` is in. */
export function readNativeHistogram(reader: ProtobufReader, histogram: NativeHistogram): void {
  histogram.reset()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (!readTotals(reader, tag, histogram) && !readBuckets(reader, tag, histogram)) reader.skip(tag)
  }
}

function readTotals(reader: ProtobufReader, tag: number, histogram: NativeHistogram): boolean {
  if (tag === varintTag(1)) histogram.count = reader.varint()
  else if (tag === fixed64Tag(2)) {
    histogram.count = reader.double()
    histogram.isFloat = true
  } else if (tag === fixed64Tag(3)) {
    histogram.isStale = isStaleMarker(reader.view, reader.at, reader.limit)
    histogram.sum = reader.double()
  } else if (tag === varintTag(4)) histogram.schema = reader.sint32()
  else if (tag === fixed64Tag(5)) histogram.zeroThreshold = reader.double()
  else if (tag === varintTag(6)) histogram.zeroCount = reader.varint()
  else if (tag === fixed64Tag(7)) histogram.zeroCount = reader.double()
  else if (tag === varintTag(14)) histogram.isGauge = reader.varint() === GAUGE_HINT
  else if (tag === varintTag(15)) histogram.time = readMs(reader)
  else if (tag === varintTag(17)) histogram.start = readMs(reader)
  else return false
  return true
}

function readBuckets(reader: ProtobufReader, tag: number, histogram: NativeHistogram): boolean {
  const field = tag >>> 3
  const buckets = field > 10 ? histogram.positive : histogram.negative
  if (tag === lengthTag(8) || tag === lengthTag(11)) readSpan(reader, buckets)
  else if (field === 9 || field === 12) readRepeated(reader, tag, buckets.deltas, zigzag)
  else if (field === 10 || field === 13) readRepeated(reader, tag, buckets.counts, double)
  else if (field === 16) readRepeated(reader, tag, histogram.customBounds, double)
  else return false
  return true
}
