import type {
  Distribution,
  ExponentialBuckets,
  ExponentialHistogram,
  Histogram,
  Summary
} from '../../model/distribution.ts'
import { integerSize, type ProtobufWriter } from '../protobuf/writer.ts'

// The fields are those of distribution-points.ts.
const COUNT = 4
const SUM = 5
const BYTES_PER_NUMBER = 8
const TWO_32 = 2 ** 32

/** The fields of a distribution's data point that numbers do not have. Other kinds have no form in OTLP. */
export function writeDistribution(writer: ProtobufWriter, distribution: Distribution): void {
  if (distribution.kind === 'histogram') writeHistogram(writer, distribution)
  else if (distribution.kind === 'exponential_histogram') writeExponentialHistogram(writer, distribution)
  else if (distribution.kind === 'summary') writeSummary(writer, distribution)
}

function writeHistogram(writer: ProtobufWriter, { count, sum, min, max, bounds, counts }: Histogram): void {
  const whole = counts.map(Math.round)
  writeWhole(writer, COUNT, wholeCount(count, counts))
  writeKnown(writer, SUM, sum)
  if (counts.length > 0) {
    writer.open(6, counts.length * BYTES_PER_NUMBER)
    for (const count of whole) putWhole(writer, count)
    writer.open(7, bounds.length * BYTES_PER_NUMBER)
    for (const bound of bounds) {
      writer.room(BYTES_PER_NUMBER).setFloat64(writer.length, bound, true)
      writer.length += BYTES_PER_NUMBER
    }
  }
  writeKnown(writer, 11, min)
  writeKnown(writer, 12, max)
}

function writeExponentialHistogram(writer: ProtobufWriter, histogram: ExponentialHistogram): void {
  const { sum, min, max, scale, zeroThreshold } = histogram
  const [positive, negative] = [rounded(histogram.positive), rounded(histogram.negative)]
  const zeroCount = Math.round(histogram.zeroCount)
  const { counts } = histogram.positive
  writeWhole(writer, COUNT, wholeCount(histogram.count, [histogram.zeroCount, ...counts, ...histogram.negative.counts]))
  writeKnown(writer, SUM, sum)
  writer.integer(6, zigzag(scale))
  writeWhole(writer, 7, zeroCount)
  writeBuckets(writer, 8, positive)
  writeBuckets(writer, 9, negative)
  writeKnown(writer, 12, min)
  writeKnown(writer, 13, max)
  if (zeroThreshold !== 0) writer.double(14, zeroThreshold)
}

function writeBuckets(writer: ProtobufWriter, field: number, { offset, counts }: ExponentialBuckets): void {
  if (counts.length === 0) return
  writer.nested(field, () => {
    writer.integer(1, zigzag(offset))
    writer.open(
      2,
      counts.reduce((size, count) => size + integerSize(count), 0)
    )
    for (const count of counts) writer.varint(count)
  })
}

function writeSummary(writer: ProtobufWriter, { count, sum, quantiles }: Summary): void {
  writeWhole(writer, COUNT, Math.round(count))
  writeKnown(writer, SUM, sum)
  for (const { quantile, value } of quantiles)
    writer.nested(6, () => {
      writer.double(1, quantile)
      writer.double(2, value)
    })
}

/** NaN says that the number is not known. */
function writeKnown(writer: ProtobufWriter, field: number, value: number): void {
  if (!Number.isNaN(value)) writer.double(field, value)
}

const writeWhole = (writer: ProtobufWriter, field: number, value: number) =>
  writer.fixed64(field, Math.floor(value / TWO_32), value % TWO_32)

function putWhole(writer: ProtobufWriter, value: number): void {
  const view = writer.room(BYTES_PER_NUMBER)
  view.setUint32(writer.length, value % TWO_32, true)
  view.setUint32(writer.length + 4, Math.floor(value / TWO_32), true)
  writer.length += BYTES_PER_NUMBER
}

/** OTLP counts in whole numbers, sampled StatsD timers do not: then the count is that of the rounded buckets. */
function wholeCount(count: number, buckets: readonly number[]): number {
  if (buckets.every(Number.isInteger)) return Math.round(count)
  return buckets.reduce((sum, bucket) => sum + Math.round(bucket), 0)
}

function rounded({ offset, counts }: ExponentialBuckets): ExponentialBuckets {
  return { offset, counts: counts.map(Math.round) }
}

const zigzag = (value: number) => (value >= 0 ? value * 2 : -value * 2 - 1)
