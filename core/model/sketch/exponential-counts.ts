// Merging as OpenTelemetry has it: https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram
import type { ExponentialBuckets, ExponentialHistogram } from '../distribution.ts'
import { BucketCounts } from './bucket-counts.ts'

/** The finest scale OpenTelemetry knows. */
const FINEST_SCALE = 20

/** The resolution of single values, and the memory that buckets may take. */
export interface BucketLimits {
  /** Scale of single values: 2^scale buckets to a doubling. */
  readonly scale: number
  /** Most buckets of one sign; if values need more, the scale becomes coarser. */
  readonly buckets: number
}

/** 32 buckets to a doubling, so that middles are at most 1.1 % off, and as many buckets as SDKs make. */
export const USUAL_LIMITS: BucketLimits = { scale: 5, buckets: 160 }

/** The buckets of an exponential histogram, which add up. */
export type ExponentialShape = Pick<
  ExponentialHistogram,
  'scale' | 'zeroCount' | 'zeroThreshold' | 'positive' | 'negative'
>

/**
 * Adds up exponential histograms and single values. The scale is the finest at which all of them fit: no finer than
 * that of any of them, and with no more buckets of a sign than the limits allow. Single values have the scale of the
 * limits. Coarser buckets hold exact counts, so the order of additions makes no difference.
 */
export class ExponentialCounts {
  #limits: BucketLimits
  #scale = FINEST_SCALE
  #zeroCount = 0
  #zeroThreshold = 0
  #positive = new BucketCounts()
  #negative = new BucketCounts()

  constructor(limits: BucketLimits = USUAL_LIMITS) {
    this.#limits = limits
  }

  /** @param value finite */
  addValue(value: number, count: number): void {
    this.#coarsen(this.#limits.scale)
    const size = Math.abs(value)
    if (size <= this.#zeroThreshold) {
      this.#zeroCount += count
      return
    }
    const buckets = value > 0 ? this.#positive : this.#negative
    const index = Math.ceil(Math.log2(size) * 2 ** this.#scale) - 1
    const shift = buckets.shiftToHold(index, index, this.#limits.buckets)
    if (shift > 0) this.#coarsen(this.#scale - shift)
    buckets.add(Math.floor(index / 2 ** shift), count)
  }

  /** @param times -1 subtracts a shape that was added before */
  add(shape: ExponentialShape, times: 1 | -1 = 1): void {
    this.#coarsen(shape.scale)
    this.#zeroCount += times * shape.zeroCount
    // A threshold from the wire may be no number: then it says nothing of zero.
    const zeroThreshold = Number.isNaN(shape.zeroThreshold) ? 0 : shape.zeroThreshold
    if (zeroThreshold > 0 || this.#zeroThreshold > 0) this.#widenZero(shape, zeroThreshold)
    this.#addBuckets(this.#positive, shape.positive, shape.scale, times)
    this.#addBuckets(this.#negative, shape.negative, shape.scale, times)
  }

  shape(): ExponentialShape {
    return {
      scale: this.#scale,
      zeroCount: this.#zeroCount,
      zeroThreshold: this.#zeroThreshold,
      positive: this.#positive.buckets(),
      negative: this.#negative.buckets()
    }
  }

  get bytes(): number {
    return this.#positive.bytes + this.#negative.bytes
  }

  #addBuckets(into: BucketCounts, { offset, counts }: ExponentialBuckets, scale: number, times: number): void {
    const first = counts.findIndex(count => count !== 0)
    if (first < 0) return
    const last = counts.findLastIndex(count => count !== 0)
    const finer = 2 ** (scale - this.#scale)
    const shift = into.shiftToHold(
      Math.floor((offset + first) / finer),
      Math.floor((offset + last) / finer),
      this.#limits.buckets
    )
    this.#coarsen(this.#scale - shift)
    const width = 2 ** (scale - this.#scale)
    for (let i = first; i <= last; i++) {
      if (counts[i] === 0) continue
      const index = Math.floor((offset + i) / width)
      if (lowerBound(index, this.#scale) < this.#zeroThreshold) this.#zeroCount += times * counts[i]
      else into.add(index, times * counts[i])
    }
  }

  // Values that are zero on one side may be in buckets on the other: such buckets go to zero as a whole.
  #widenZero({ positive, negative, scale }: ExponentialShape, zeroThreshold: number): void {
    let threshold = Math.max(zeroThreshold, this.#zeroThreshold)
    const own = this.shape()
    for (let before = Number.NaN; threshold !== before; ) {
      before = threshold
      for (const buckets of [positive, negative]) threshold = reach(buckets, scale, this.#scale, threshold)
      for (const buckets of [own.positive, own.negative])
        threshold = reach(buckets, this.#scale, this.#scale, threshold)
    }
    this.#zeroThreshold = threshold
    const isZero = (index: number) => lowerBound(index, this.#scale) < threshold
    this.#zeroCount += this.#positive.takeWhile(isZero) + this.#negative.takeWhile(isZero)
  }

  #coarsen(scale: number): void {
    if (scale >= this.#scale) return
    const shift = this.#scale - scale
    this.#scale = scale
    this.#positive.coarsen(shift)
    this.#negative.coarsen(shift)
  }
}

/** The threshold of zero once it contains the whole bucket that `threshold` lies in, at the merged scale. */
function reach({ offset, counts }: ExponentialBuckets, scale: number, mergedScale: number, threshold: number): number {
  let furthest = threshold
  const width = 2 ** (scale - mergedScale)
  for (let i = 0; i < counts.length; i++) {
    const index = Math.floor((offset + i) / width)
    if (lowerBound(index, mergedScale) >= threshold) break
    if (counts[i] !== 0) furthest = Math.max(furthest, lowerBound(index + 1, mergedScale))
  }
  return furthest
}

/** Below every value in bucket `index`, and the greatest in the one before. */
export function lowerBound(index: number, scale: number): number {
  // At scales so coarse that one bucket is wider than all numbers the width is infinite, and 0 times that no number.
  return index === 0 ? 1 : 2 ** (index * 2 ** -scale)
}
