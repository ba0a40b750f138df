import { floatText } from '../prometheus/bounds.ts'
import { readSpan } from '../prometheus/bucket-span.ts'
import type { Label } from '../prometheus/labels.ts'
import { NativeHistogram } from '../prometheus/native-histogram.ts'
import { fixed64Tag, lengthTag, ProtobufReader, varintTag } from '../protobuf/reader.ts'
import { double, readRepeated, zigzag } from '../protobuf/repeated.ts'
import type { ExpositionHandler } from './handler.ts'
import { seriesText } from './series-text.ts'

// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
// MetricFamily: name 1, help 2, type 3, metric 4. Metric: label 1 (name 1, value 2), gauge 2, counter 3, summary 4,
// untyped 5, timestamp_ms 6, histogram 7. Gauge, Counter and Untyped: value 1. Summary: sample_count 1, sample_sum 2,
// quantile 3 (quantile 1, value 2). Histogram: see protobuf-writer.ts; created_timestamp 15 (seconds 1, nanos 2).
const TYPES = ['counter', 'gauge', 'summary', 'untyped', 'histogram', 'gaugehistogram']
const GAUGE_HISTOGRAM = 5
const NUMBERS: ReadonlySet<number> = new Set([lengthTag(2), lengthTag(3), lengthTag(5)])
const SUMMARY = lengthTag(4)
const HISTOGRAM = lengthTag(7)
const MS_PER_SECOND = 1000
const NS_PER_MS = 1e6

/** Reads delimited MetricFamily messages. Throws {@link BadInputError}. */
export function parseProtobuf(body: Buffer, handler: ExpositionHandler): void {
  const reader = new ProtobufReader(body)
  const families = new FamilyReader(reader, handler)
  while (reader.at < reader.limit) {
    const outer = reader.enter()
    families.read()
    reader.leave(outer)
  }
}

class FamilyReader {
  readonly #reader: ProtobufReader
  readonly #handler: ExpositionHandler
  readonly #histogram = new NativeHistogram()
  #name = ''
  #type = 0
  #labels: Label[] = []
  #time = Number.NaN

  constructor(reader: ProtobufReader, handler: ExpositionHandler) {
    this.#reader = reader
    this.#handler = handler
  }

  /** The MetricFamily that the reader is in. */
  read(): void {
    const reader = this.#reader
    const start = reader.at
    let help = ''
    this.#name = ''
    this.#type = 0
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === lengthTag(1)) this.#name = reader.text()
      else if (tag === lengthTag(2)) help = reader.text()
      else if (tag === varintTag(3)) this.#type = reader.varint()
      else reader.skip(tag)
    }
    this.#handler.describe(this.#name, TYPES[this.#type] ?? 'untyped', help)
    reader.at = start
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === lengthTag(4)) this.#metric()
      else reader.skip(tag)
    }
  }

  #metric(): void {
    const reader = this.#reader
    const outer = reader.enter()
    const start = reader.at
    this.#readHeader()
    reader.at = start
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (NUMBERS.has(tag)) this.#number()
      else if (tag === SUMMARY) this.#summary()
      else if (tag === HISTOGRAM) this.#readHistogram()
      else reader.skip(tag)
    }
    reader.leave(outer)
  }

  /** Labels and time, which may stand behind the value. */
  #readHeader(): void {
    const reader = this.#reader
    this.#labels = []
    this.#time = Number.NaN
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === lengthTag(1)) this.#labels.push(this.#label())
      else if (tag === varintTag(6)) this.#time = Number(reader.int64())
      else reader.skip(tag)
    }
  }

  #label(): Label {
    const reader = this.#reader
    let name = ''
    let value = ''
    const outer = reader.enter()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === lengthTag(1)) name = reader.text()
      else if (tag === lengthTag(2)) value = reader.text()
      else reader.skip(tag)
    }
    reader.leave(outer)
    return [name, value]
  }

  #number(): void {
    const reader = this.#reader
    let value = 0
    const outer = reader.enter()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === fixed64Tag(1)) value = reader.double()
      else reader.skip(tag)
    }
    reader.leave(outer)
    this.#emit('', value)
  }

  #summary(): void {
    const reader = this.#reader
    const outer = reader.enter()
    let count = 0
    let sum = 0
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === varintTag(1)) count = reader.varint()
      else if (tag === fixed64Tag(2)) sum = reader.double()
      else if (tag === lengthTag(3)) {
        const [quantile, value] = this.#pair(fixed64Tag(1), fixed64Tag(2))
        this.#emit('', value, ['quantile', floatText(quantile)])
      } else reader.skip(tag)
    }
    reader.leave(outer)
    this.#emit('_sum', sum)
    this.#emit('_count', count)
  }

  #readHistogram(): void {
    const reader = this.#reader
    const histogram = this.#histogram
    const buckets: (readonly [bound: number, count: number])[] = []
    let isNative = false
    histogram.reset()
    histogram.isGauge = this.#type === GAUGE_HISTOGRAM
    const outer = reader.enter()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === lengthTag(3)) buckets.push(this.#bucket())
      else if (tag === varintTag(1)) histogram.count = reader.varint()
      else if (tag === fixed64Tag(2)) histogram.sum = reader.double()
      else if (tag === lengthTag(15)) histogram.start = this.#timestamp()
      else if (this.#nativeField(tag)) isNative = true
    }
    reader.leave(outer)
    if (isNative) this.#handler.histogram(seriesText(this.#name, this.#labels), histogram, this.#time)
    else this.#classic(buckets)
  }

  /** True for a field that only a native histogram has; other fields are passed over. */
  #nativeField(tag: number): boolean {
    const reader = this.#reader
    const histogram = this.#histogram
    const field = tag >>> 3
    const side = field > 11 ? histogram.positive : histogram.negative
    if (tag === fixed64Tag(4)) {
      histogram.count = reader.double() || histogram.count
      histogram.isFloat = true
      return false
    }
    if (tag === varintTag(5)) histogram.schema = reader.sint32()
    else if (tag === fixed64Tag(6)) histogram.zeroThreshold = reader.double()
    else if (tag === varintTag(7)) histogram.zeroCount = reader.varint()
    else if (tag === fixed64Tag(8)) histogram.zeroCount = reader.double()
    else if (tag === lengthTag(9) || tag === lengthTag(12)) readSpan(reader, side)
    else if (field === 10 || field === 13) readRepeated(reader, tag, side.deltas, zigzag)
    else if (field === 11 || field === 14) readRepeated(reader, tag, side.counts, double)
    else {
      reader.skip(tag)
      return false
    }
    return true
  }

  #bucket(): readonly [bound: number, count: number] {
    const reader = this.#reader
    let count = 0
    let bound = 0
    const outer = reader.enter()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === varintTag(1)) count = reader.varint()
      else if (tag === fixed64Tag(2)) bound = reader.double()
      else if (tag === fixed64Tag(4)) count = reader.double()
      else reader.skip(tag)
    }
    reader.leave(outer)
    return [bound, count]
  }

  /** As a text format would have it. The bucket without a bound may be missing. */
  #classic(buckets: readonly (readonly [bound: number, count: number])[]): void {
    const { count, sum } = this.#histogram
    for (const [bound, below] of buckets) this.#emit('_bucket', below, ['le', floatText(bound)])
    if (buckets.at(-1)?.[0] !== Number.POSITIVE_INFINITY) this.#emit('_bucket', count, ['le', '+Inf'])
    this.#emit('_sum', sum)
    this.#emit('_count', count)
  }

  #emit(suffix: string, value: number, more?: Label): void {
    const labels = more === undefined ? this.#labels : [...this.#labels, more]
    this.#handler.sample(seriesText(this.#name + suffix, labels), value, this.#time)
  }

  #pair(first: number, second: number): [number, number] {
    const reader = this.#reader
    const pair: [number, number] = [0, 0]
    const outer = reader.enter()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === first) pair[0] = reader.double()
      else if (tag === second) pair[1] = reader.double()
      else reader.skip(tag)
    }
    reader.leave(outer)
    return pair
  }

  /** Unix ms. */
  #timestamp(): number {
    const reader = this.#reader
    let ms = 0
    const outer = reader.enter()
    while (reader.at < reader.limit) {
      const tag = reader.tag()
      if (tag === varintTag(1)) ms += reader.varint() * MS_PER_SECOND
      else if (tag === varintTag(2)) ms += reader.varint() / NS_PER_MS
      else reader.skip(tag)
    }
    reader.leave(outer)
    return ms
  }
}
