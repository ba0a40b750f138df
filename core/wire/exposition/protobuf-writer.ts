import type { Distribution, ExponentialBuckets, ExponentialHistogram, Summary } from '../../model/distribution.ts'
import { ProtobufWriter } from '../protobuf/writer.ts'
import { type ExposedFamily, type ExposedSeries, type ExpositionWriter, SERIES_PER_STEP } from './family.ts'
import { explicitBuckets } from './text-writer.ts'

// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
// MetricFamily: name 1, help 2, type 3, metric 4, unit 5. Metric: label 1 (name 1, value 2), gauge 2, counter 3,
// summary 4, histogram 7. Gauge: value 1. Counter: value 1, created_timestamp 3. Summary: sample_count 1, sample_sum 2,
// quantile 3 (quantile 1, value 2), created_timestamp 4. Histogram: sample_count 1, sample_sum 2, bucket 3
// (cumulative_count 1, upper_bound 2, cumulative_count_float 4), sample_count_float 4, schema 5, zero_threshold 6,
// zero_count 7, zero_count_float 8, negative_span 9 (offset 1, length 2), negative_delta 10, negative_count 11,
// positive_span 12, positive_delta 13, positive_count 14, created_timestamp 15. Timestamp: seconds 1, nanos 2.
const TYPES = { counter: 0, gauge: 1, summary: 2, histogram: 4, info: 1 }
const NEGATIVE = { span: 9, delta: 10, count: 11 }
const POSITIVE = { span: 12, delta: 13, count: 14 }
const MAX_SCHEMA = 8
const MS_PER_SECOND = 1000
const NS_PER_MS = 1e6
const NOTHING = new Uint8Array(0)

/** Delimited `io.prometheus.client.MetricFamily`, with native histograms. */
export class ProtobufExpositionWriter implements ExpositionWriter {
  readonly contentType = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited'
  readonly end = ''
  readonly #writer = new ProtobufWriter();

  *write({ name, type, help, unit }: ExposedFamily, series: Iterable<ExposedSeries>): Generator<Uint8Array> {
    const writer = this.#writer
    writer.reset()
    writer.string(1, name)
    if (help !== '') writer.string(2, help)
    writer.integer(3, TYPES[type])
    let steps = 0
    for (const own of series) {
      writer.nested(4, () => this.#metric(own, type === 'counter'))
      // The size of the family stands in front.
      if (++steps % SERIES_PER_STEP === 0) yield NOTHING
    }
    if (unit !== '') writer.string(5, unit)
    yield delimited(writer.finish())
  }

  #metric({ labels, value, start, distribution }: ExposedSeries, isCounter: boolean): void {
    const writer = this.#writer
    for (const [name, text] of labels)
      writer.nested(1, () => {
        writer.string(1, name)
        writer.string(2, text)
      })
    if (distribution !== undefined) this.#distribution(distribution, start)
    else if (isCounter)
      writer.nested(3, () => {
        writer.double(1, value)
        this.#created(3, start)
      })
    else writer.nested(2, () => writer.double(1, value))
  }

  #distribution(distribution: Distribution, start: number): void {
    const { kind } = distribution
    if (kind === 'summary') this.#writer.nested(4, () => this.#summary(distribution, start))
    else if (kind === 'histogram' || kind === 'exponential_histogram')
      this.#writer.nested(7, () => {
        const isFloat = !Number.isInteger(distribution.count)
        this.#count(isFloat, 1, 4, distribution.count)
        this.#writer.double(2, distribution.sum)
        if (kind === 'exponential_histogram') this.#native(distribution, isFloat)
        else
          for (const [bound, count] of explicitBuckets(distribution))
            this.#writer.nested(3, () => {
              this.#count(isFloat, 1, 4, count)
              this.#writer.double(2, bound)
            })
        this.#created(15, start)
      })
  }

  #summary({ count, sum, quantiles }: Summary, start: number): void {
    const writer = this.#writer
    writer.integer(1, count)
    writer.double(2, sum)
    for (const { quantile, value } of quantiles)
      writer.nested(3, () => {
        writer.double(1, quantile)
        writer.double(2, value)
      })
    this.#created(4, start)
  }

  #native(histogram: ExponentialHistogram, isFloat: boolean): void {
    const { scale, zeroThreshold, zeroCount, positive, negative } = histogram
    const schema = Math.min(scale, MAX_SCHEMA)
    this.#writer.integer(5, zigzag(schema))
    this.#writer.double(6, zeroThreshold)
    this.#count(isFloat, 7, 8, zeroCount)
    this.#buckets(NEGATIVE, coarser(negative, scale - schema), isFloat)
    this.#buckets(POSITIVE, coarser(positive, scale - schema), isFloat)
    // Without any bucket or span Prometheus takes it for a classic histogram.
    if (negative.counts.length + positive.counts.length === 0) this.#span(POSITIVE.span, 0, 0)
  }

  /** Each run of buckets that are not empty is a span. */
  #buckets(fields: typeof POSITIVE, { offset, counts }: ExponentialBuckets, isFloat: boolean): void {
    // Bucket i ends at base^i in Prometheus, and begins there in OpenTelemetry.
    let next = 0
    let before = 0
    for (let i = 0; i < counts.length; i++) {
      if (counts[i] === 0) continue
      let end = i
      while (end < counts.length && counts[end] !== 0) end++
      const first = offset + i + 1
      this.#span(fields.span, first - next, end - i)
      next = offset + end + 1
      for (; i < end; i++) {
        if (isFloat) this.#writer.double(fields.count, counts[i])
        else this.#writer.integer(fields.delta, zigzag(counts[i] - before))
        before = counts[i]
      }
    }
  }

  #span(field: number, offset: number, length: number): void {
    this.#writer.nested(field, () => {
      this.#writer.integer(1, zigzag(offset))
      this.#writer.integer(2, length)
    })
  }

  #count(isFloat: boolean, integerField: number, floatField: number, count: number): void {
    if (isFloat) this.#writer.double(floatField, count)
    else this.#writer.integer(integerField, count)
  }

  #created(field: number, start: number): void {
    if (start === 0) return
    this.#writer.nested(field, () => {
      const seconds = Math.floor(start / MS_PER_SECOND)
      this.#writer.integer(1, seconds)
      this.#writer.integer(2, Math.round((start - seconds * MS_PER_SECOND) * NS_PER_MS))
    })
  }
}

/** Buckets of a scale that is lower by `by`. */
function coarser({ offset, counts }: ExponentialBuckets, by: number): ExponentialBuckets {
  if (by <= 0 || counts.length === 0) return { offset, counts }
  const width = 2 ** by
  const first = Math.floor(offset / width)
  const last = Math.floor((offset + counts.length - 1) / width)
  const merged = new Array<number>(last - first + 1).fill(0)
  for (let i = 0; i < counts.length; i++) merged[Math.floor((offset + i) / width) - first] += counts[i]
  return { offset: first, counts: merged }
}

/** The message behind its length. */
function delimited(message: Uint8Array): Uint8Array {
  const size: number[] = []
  for (let rest = message.length; ; rest = Math.floor(rest / 0x80)) {
    if (rest < 0x80) {
      size.push(rest)
      break
    }
    size.push((rest % 0x80) | 0x80)
  }
  return Buffer.concat([Uint8Array.from(size), message])
}

const zigzag = (value: number) => (value >= 0 ? value * 2 : -value * 2 - 1)
