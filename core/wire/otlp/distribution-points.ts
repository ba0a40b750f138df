import type { ExponentialBuckets, ExponentialHistogram, Histogram, Summary } from '../../model/distribution.ts'
import { attributesField } from '../../model/series-table/attribute-bytes.ts'
import { fixed64Tag, lengthTag, type ProtobufReader, varintTag } from '../protobuf/reader.ts'
import { double, fixed64, readRepeated, varint } from '../protobuf/repeated.ts'
import { EXPONENTIAL_HISTOGRAM, HISTOGRAM, type OtlpDistribution, SUMMARY } from './forms.ts'
import { type PointFields, readFlags, readTime, START_TIME, TIME } from './point-fields.ts'

// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/metrics/v1/metrics.proto
// All three: start_time_unix_nano 2, time_unix_nano 3, count 4 (fixed64), sum 5 (double).
// HistogramDataPoint: bucket_counts 6 (repeated fixed64), explicit_bounds 7 (repeated double), exemplars 8,
//   attributes 9, flags 10, min 11, max 12.
// ExponentialHistogramDataPoint: attributes 1, scale 6 (sint32), zero_count 7 (fixed64), positive 8, negative 9,
//   flags 10, exemplars 11, min 12, max 13, zero_threshold 14. Buckets: offset 1 (sint32),
//   bucket_counts 2 (repeated uint64).
// SummaryDataPoint: quantile_values 6, attributes 7, flags 8. ValueAtQuantile: quantile 1, value 2.
// `sum`, `min` and `max` are optional: NaN says that the sender did not know. Arrays may come packed or not.
const COUNT = fixed64Tag(4)
const SUM = fixed64Tag(5)

const HISTOGRAM_ATTRIBUTES = lengthTag(attributesField('histogram'))
const EXPONENTIAL_ATTRIBUTES = lengthTag(attributesField('exponential_histogram'))
const SUMMARY_ATTRIBUTES = lengthTag(attributesField('summary'))

type Writable<T> = { -readonly [K in keyof T]: T[K] }

/** Reads the rest of the current message, as a data point. */
export type ReadDistribution = (reader: ProtobufReader, point: PointFields) => OtlpDistribution

function readHistogram(reader: ProtobufReader, point: PointFields): Histogram {
  const counts: number[] = []
  const bounds: number[] = []
  const histogram: Writable<Histogram> = { kind: 'histogram', count: 0, ...UNKNOWN, bounds, counts }
  point.begin(reader)
  while (reader.at < reader.limit) {
    const from = reader.at
    const tag = reader.tag()
    if (readCommon(reader, tag, from, HISTOGRAM_ATTRIBUTES, varintTag(10), point, histogram)) continue
    if (tag === lengthTag(6) || tag === fixed64Tag(6)) readRepeated(reader, tag, counts, fixed64)
    else if (tag === lengthTag(7) || tag === fixed64Tag(7)) readRepeated(reader, tag, bounds, double)
    else if (tag === lengthTag(8)) point.passExemplar(reader, tag)
    else if (tag === fixed64Tag(11)) histogram.min = reader.double()
    else if (tag === fixed64Tag(12)) histogram.max = reader.double()
    else reader.skip(tag)
  }
  return histogram
}

function readExponentialHistogram(reader: ProtobufReader, point: PointFields): ExponentialHistogram {
  const histogram: Writable<ExponentialHistogram> = {
    kind: 'exponential_histogram',
    count: 0,
    ...UNKNOWN,
    scale: 0,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS
  }
  point.begin(reader)
  while (reader.at < reader.limit) {
    const from = reader.at
    const tag = reader.tag()
    if (readCommon(reader, tag, from, EXPONENTIAL_ATTRIBUTES, varintTag(10), point, histogram)) continue
    if (tag === varintTag(6)) histogram.scale = reader.sint32()
    else if (tag === fixed64Tag(7)) histogram.zeroCount = reader.fixed64()
    else if (tag === lengthTag(8)) histogram.positive = readBuckets(reader)
    else if (tag === lengthTag(9)) histogram.negative = readBuckets(reader)
    else if (tag === lengthTag(11)) point.passExemplar(reader, tag)
    else if (tag === fixed64Tag(12)) histogram.min = reader.double()
    else if (tag === fixed64Tag(13)) histogram.max = reader.double()
    else if (tag === fixed64Tag(14)) histogram.zeroThreshold = reader.double()
    else reader.skip(tag)
  }
  return histogram
}

function readSummary(reader: ProtobufReader, point: PointFields): Summary {
  const quantiles: { quantile: number; value: number }[] = []
  const summary: Writable<Summary> = { kind: 'summary', count: 0, sum: 0, quantiles }
  point.begin(reader)
  while (reader.at < reader.limit) {
    const from = reader.at
    const tag = reader.tag()
    if (readCommon(reader, tag, from, SUMMARY_ATTRIBUTES, varintTag(8), point, summary)) continue
    if (tag === lengthTag(6)) quantiles.push(readQuantile(reader))
    else reader.skip(tag)
  }
  return summary
}

export const DISTRIBUTIONS: Readonly<
  Record<typeof HISTOGRAM | typeof EXPONENTIAL_HISTOGRAM | typeof SUMMARY, ReadDistribution>
> = {
  [HISTOGRAM]: readHistogram,
  [EXPONENTIAL_HISTOGRAM]: readExponentialHistogram,
  [SUMMARY]: readSummary
}

const UNKNOWN = { sum: Number.NaN, min: Number.NaN, max: Number.NaN }
const NO_BUCKETS: ExponentialBuckets = { offset: 0, counts: [] }

/** True for a field that all distributions have. */
function readCommon(
  reader: ProtobufReader,
  tag: number,
  from: number,
  attributesTag: number,
  flagsTag: number,
  point: PointFields,
  distribution: { count: number; sum: number }
): boolean {
  if (tag === attributesTag) {
    reader.skip(tag)
    point.attributes.add(reader, from)
  } else if (tag === TIME) point.time = readTime(reader)
  else if (tag === START_TIME) point.start = readTime(reader)
  else if (tag === COUNT) distribution.count = reader.fixed64()
  else if (tag === SUM) distribution.sum = reader.double()
  else if (tag === flagsTag) point.flags = readFlags(reader)
  else return false
  return true
}

function readBuckets(reader: ProtobufReader): ExponentialBuckets {
  let offset = 0
  const counts: number[] = []
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === varintTag(1)) offset = reader.sint32()
    else if (tag === lengthTag(2) || tag === varintTag(2)) readRepeated(reader, tag, counts, varint)
    else reader.skip(tag)
  }
  reader.leave(outer)
  return { offset, counts }
}

function readQuantile(reader: ProtobufReader): { quantile: number; value: number } {
  let quantile = 0
  let value = 0
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === fixed64Tag(1)) quantile = reader.double()
    else if (tag === fixed64Tag(2)) value = reader.double()
    else reader.skip(tag)
  }
  reader.leave(outer)
  return { quantile, value }
}
