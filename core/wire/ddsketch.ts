// DDSketch as protobuf, as Datadog's libraries exchange it:
// https://github.com/DataDog/sketches-go/blob/master/ddsketch/pb/ddsketch.proto
//
//   DDSketch      1 mapping, 2 positiveValues, 3 negativeValues, 4 zeroCount (double)
//   IndexMapping  1 gamma (double), 2 indexOffset (double), 3 interpolation (0: none)
//   Store         1 binCounts (map<sint32, double>), 2 contiguousBinCounts (repeated double), 3 contiguousBinIndexOffset
//
// Its bucket k is (gamma^(k-1), gamma^k]: that of index k - 1 of an exponential histogram.
import { BadInputError } from '../errors.ts'
import type { ExponentialBuckets, ExponentialHistogram } from '../model/distribution.ts'
import { BucketCounts } from '../model/sketch/bucket-counts.ts'
import { gammaOf } from '../model/sketch/ddsketch.ts'
import { fixed64Tag, lengthTag, ProtobufReader, varintTag } from './protobuf/reader.ts'
import { ProtobufWriter } from './protobuf/writer.ts'

/** Libraries compute gamma from an accuracy: it comes back a few bits off. */
const GAMMA_TOLERANCE = 1e-9
/** All that a double can be has keys within this up to an error of 0.07 %; buckets between two that are used cost memory. */
const MOST_KEY = 2 ** 20

interface Mapping {
  gamma: number
  indexOffset: number
  interpolation: number
}

/** Count, sum, least and greatest are not part of the format. */
export function encodeDDSketch({ scale, positive, negative, zeroCount }: ExponentialHistogram): Uint8Array {
  const mapping = new ProtobufWriter()
  mapping.double(1, gammaOf(scale))
  const sketch = new ProtobufWriter()
  sketch.bytes(1, mapping.finish())
  sketch.bytes(2, encodeStore(positive))
  sketch.bytes(3, encodeStore(negative))
  sketch.double(4, zeroCount)
  return sketch.finish()
}

/**
 * Throws {@link BadInputError} if gamma is that of no scale, since such buckets could only be guessed, or if a count is
 * invalid.
 */
export function decodeDDSketch(bytes: Buffer): ExponentialHistogram {
  const reader = new ProtobufReader(bytes)
  const mapping: Mapping = { gamma: 0, indexOffset: 0, interpolation: 0 }
  const [positive, negative] = [new Bins(), new Bins()]
  let zeroCount = 0
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === lengthTag(1)) decodeMapping(reader, mapping)
    else if (tag === lengthTag(2)) decodeStore(reader, positive)
    else if (tag === lengthTag(3)) decodeStore(reader, negative)
    else if (tag === fixed64Tag(4)) zeroCount = reader.double()
    else reader.skip(tag)
  }
  const scale = scaleOf(mapping)
  const sides = {
    positive: shifted(positive.inOrder(), mapping.indexOffset),
    negative: shifted(negative.inOrder(), mapping.indexOffset)
  }
  checkCount(zeroCount)
  const count = zeroCount + total(sides.positive) + total(sides.negative)
  const unknown = { sum: Number.NaN, min: Number.NaN, max: Number.NaN }
  return { kind: 'exponential_histogram', count, ...unknown, scale, zeroCount, zeroThreshold: 0, ...sides }
}

function encodeStore({ offset, counts }: ExponentialBuckets): Uint8Array {
  const store = new ProtobufWriter()
  store.open(2, counts.length * 8)
  const column = Buffer.alloc(counts.length * 8)
  for (let i = 0; i < counts.length; i++) column.writeDoubleLE(counts[i], i * 8)
  store.raw(column)
  store.integer(3, zigzag(offset + 1))
  return store.finish()
}

function decodeMapping(reader: ProtobufReader, mapping: Mapping): void {
  const outer = reader.enter()
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === fixed64Tag(1)) mapping.gamma = reader.double()
    else if (tag === fixed64Tag(2)) mapping.indexOffset = reader.double()
    else if (tag === varintTag(3)) mapping.interpolation = reader.varint()
    else reader.skip(tag)
  }
  reader.leave(outer)
}

/** The bins of a side as they come: in any order, and those of one bucket maybe apart. */
class Bins {
  #keys: number[] = []
  #counts: number[] = []

  /** Throws {@link BadInputError} for a bucket or a count that cannot be. */
  add(key: number, count: number): void {
    if (Math.abs(key) > MOST_KEY) throw new BadInputError(`DDSketch: bucket ${key} is further out than ${MOST_KEY}`)
    checkCount(count)
    this.#keys.push(key)
    this.#counts.push(count)
  }

  // Buckets are made room for in front at the cost of all behind: so the least comes first.
  inOrder(): ExponentialBuckets {
    const buckets = new BucketCounts()
    if (this.#keys.length === 0) return buckets.buckets()
    buckets.add(
      this.#keys.reduce((least, key) => Math.min(least, key)),
      0
    )
    for (let i = 0; i < this.#keys.length; i++) buckets.add(this.#keys[i], this.#counts[i])
    return buckets.buckets()
  }
}

function decodeStore(reader: ProtobufReader, into: Bins): void {
  const outer = reader.enter()
  const contiguous: number[] = []
  let first = 0
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === lengthTag(1)) decodeBin(reader, into)
    else if (tag === lengthTag(2)) decodeColumn(reader, contiguous)
    else if (tag === fixed64Tag(2)) contiguous.push(reader.double())
    else if (tag === varintTag(3)) first = reader.sint32()
    else reader.skip(tag)
  }
  reader.leave(outer)
  for (let i = 0; i < contiguous.length; i++) if (contiguous[i] !== 0) into.add(first + i, contiguous[i])
}

function decodeColumn(reader: ProtobufReader, into: number[]): void {
  const outer = reader.enter()
  while (reader.at < reader.limit) into.push(reader.double())
  reader.leave(outer)
}

function decodeBin(reader: ProtobufReader, into: Bins): void {
  const outer = reader.enter()
  let key = 0
  let count = 0
  while (reader.at < reader.limit) {
    const tag = reader.tag()
    if (tag === varintTag(1)) key = reader.sint32()
    else if (tag === fixed64Tag(2)) count = reader.double()
    else reader.skip(tag)
  }
  reader.leave(outer)
  into.add(key, count)
}

function checkCount(count: number): void {
  if (!(count >= 0 && count < Number.POSITIVE_INFINITY)) throw new BadInputError(`DDSketch: ${count} is no count`)
}

function scaleOf({ gamma, indexOffset, interpolation }: Mapping): number {
  const scale = 0 - Math.round(Math.log2(Math.log2(gamma)))
  const isScale = Number.isFinite(scale) && Math.abs(gammaOf(scale) / gamma - 1) < GAMMA_TOLERANCE
  if (interpolation === 0 && Number.isInteger(indexOffset) && Math.abs(indexOffset) <= MOST_KEY && isScale) return scale
  throw new BadInputError(
    `DDSketch: gamma ${gamma}, offset ${indexOffset}, interpolation ${interpolation} are the buckets of no scale; gamma must be 2^(2^-scale), the offset whole, the interpolation 0`
  )
}

const shifted = ({ offset, counts }: ExponentialBuckets, indexOffset: number) =>
  counts.length === 0 ? { offset, counts } : { offset: offset - indexOffset - 1, counts }
const total = ({ counts }: ExponentialBuckets) => counts.reduce((sum, count) => sum + count, 0)
const zigzag = (value: number) => (value < 0 ? -2 * value - 1 : 2 * value)
