import type { ExponentialBuckets, ExponentialHistogram, Histogram } from '../../model/distribution.ts'

const CUSTOM_BUCKETS = -53
const MIN_SCHEMA = -4
const MAX_SCHEMA = 8
/** Between the first and the last bucket. A few bytes may say that they are far apart. */
const MOST_BUCKETS = 16_384
/** Counts that are no integers do not add up exactly. */
const ROUNDING = 1e-9

/** Faults of native histograms, in words that follow "3 points". */
export const HISTOGRAM_FLAWS = {
  bucket_mismatch: 'of native histograms whose spans, buckets and counts do not fit each other',
  gauge_histogram: 'of gauge histograms, which have no kind in OpenTelemetry',
  too_many_buckets: `of native histograms with more than ${MOST_BUCKETS} buckets from the first to the last`,
  unknown_schema: `of native histograms with a schema that is neither ${MIN_SCHEMA} to ${MAX_SCHEMA} nor ${CUSTOM_BUCKETS}`,
  unordered_bounds: 'of native histograms with custom bounds that do not rise'
}
export type HistogramFlaw = keyof typeof HISTOGRAM_FLAWS

/** Buckets of one sign as they come: spans of buckets side by side, and counts as differences or as they are. */
export class Buckets {
  readonly offsets: number[] = []
  readonly lengths: number[] = []
  readonly deltas: number[] = []
  readonly counts: number[] = []

  reset(): void {
    this.offsets.length = this.lengths.length = this.deltas.length = this.counts.length = 0
  }

  /** The counts from the first bucket to the last, with zeros for those between spans. */
  dense(): ExponentialBuckets | HistogramFlaw {
    const { offsets, lengths } = this
    // Spans that go back would count a bucket twice.
    if (offsets.some((offset, i) => i > 0 && offset < 0)) return 'bucket_mismatch'
    const counts = this.#absolute()
    const length = offsets.reduce((sum, offset, i) => sum + (i === 0 ? 0 : offset) + lengths[i], 0)
    if (length > MOST_BUCKETS) return 'too_many_buckets'
    const dense = new Array<number>(length).fill(0)
    let at = 0
    let next = 0
    for (const [i, offset] of offsets.entries()) {
      if (i > 0) at += offset
      if (next + lengths[i] > counts.length) return 'bucket_mismatch'
      for (let end = next + lengths[i]; next < end; next++) dense[at++] = counts[next]
    }
    if (next !== counts.length || counts.some(count => !(count >= 0))) return 'bucket_mismatch'
    return { offset: offsets[0] ?? 0, counts: dense }
  }

  #absolute(): readonly number[] {
    if (this.counts.length > 0) return this.counts
    let count = 0
    return this.deltas.map(delta => (count += delta))
  }
}

/** One native histogram at a time, as it comes. */
export class NativeHistogram {
  time = 0
  start = 0
  isStale = false
  isFloat = false
  count = 0
  sum = 0
  schema = 0
  zeroThreshold = 0
  zeroCount = 0
  isGauge = false
  readonly positive = new Buckets()
  readonly negative = new Buckets()
  readonly customBounds: number[] = []

  get hasCustomBuckets(): boolean {
    return this.schema === CUSTOM_BUCKETS
  }

  /** As a point of Weir. That of a stale marker has no buckets. */
  distribution(): ExponentialHistogram | Histogram | HistogramFlaw {
    if (this.isGauge) return 'gauge_histogram'
    if (this.hasCustomBuckets) return this.#custom()
    if (this.schema < MIN_SCHEMA || this.schema > MAX_SCHEMA) return 'unknown_schema'
    const positive = this.positive.dense()
    const negative = this.negative.dense()
    if (typeof positive === 'string') return positive
    if (typeof negative === 'string') return negative
    if (!this.#adds(total(positive.counts) + total(negative.counts) + this.zeroCount)) return 'bucket_mismatch'
    return {
      kind: 'exponential_histogram',
      ...this.#totals(),
      scale: this.schema,
      zeroCount: this.zeroCount,
      zeroThreshold: this.zeroThreshold,
      // Bucket i ends at base^i in Prometheus, and begins there in OpenTelemetry.
      positive: { offset: positive.offset - 1, counts: positive.counts },
      negative: { offset: negative.offset - 1, counts: negative.counts }
    }
  }

  #custom(): Histogram | HistogramFlaw {
    const bounds = [...this.customBounds]
    for (const [i, bound] of bounds.entries())
      if (Number.isNaN(bound) || (i > 0 && bound <= bounds[i - 1])) return 'unordered_bounds'
    const buckets = this.positive.dense()
    if (typeof buckets === 'string') return buckets
    const { offset } = buckets
    const fits = offset >= 0 && offset + buckets.counts.length <= bounds.length + 1
    if (!fits || !this.#adds(total(buckets.counts))) return 'bucket_mismatch'
    const counts = new Array<number>(bounds.length + 1).fill(0)
    for (const [i, count] of buckets.counts.entries()) counts[offset + i] = count
    return { kind: 'histogram', ...this.#totals(), bounds, counts }
  }

  /** True if all buckets together can be the count. Values that are no number are in no bucket. */
  #adds(inBuckets: number): boolean {
    if (this.isFloat) return inBuckets <= this.count * (1 + ROUNDING)
    return inBuckets === this.count || (Number.isNaN(this.sum) && inBuckets < this.count)
  }

  #totals() {
    const sum = this.isStale ? Number.NaN : this.sum
    return { count: this.count, sum, min: Number.NaN, max: Number.NaN }
  }

  reset(): void {
    this.time = this.start = 0
    this.count = this.sum = this.schema = this.zeroThreshold = this.zeroCount = 0
    this.isStale = this.isFloat = this.isGauge = false
    this.positive.reset()
    this.negative.reset()
    this.customBounds.length = 0
  }
}

const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0)
