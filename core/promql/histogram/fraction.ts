import { hasCustomBounds } from './bounds.ts'
import { type Bucket, populatedBuckets } from './buckets.ts'
import type { FloatHistogram } from './float-histogram.ts'
import { fractionBelow, oneSided, type Scale } from './interpolation.ts'

/** A fraction. `ignoredNaN`: the histogram has observations of NaN, which are in no bucket. */
export interface Fraction {
  readonly value: number
  readonly ignoredNaN: boolean
}

/** Estimated part of the observations that lie between two values, of which either may be infinite. */
export function histogramFraction(lower: number, upper: number, histogram: FloatHistogram): Fraction {
  const { count, sum } = histogram
  if (count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return { value: Number.NaN, ignoredNaN: false }
  if (lower >= upper) return { value: 0, ignoredNaN: false }
  const buckets = populatedBuckets(histogram)
  const observed = Number.isNaN(sum) ? buckets.reduce((total, bucket) => total + bucket.count, 0) : count
  const between = rankOf(upper, buckets, histogram, observed) - rankOf(lower, buckets, histogram, observed)
  return { value: between / count, ignoredNaN: observed < count }
}

/** Estimated number of observations below `value`. */
function rankOf(value: number, buckets: readonly Bucket[], histogram: FloatHistogram, observed: number): number {
  let rank = 0
  for (const each of buckets) {
    const atZero = each.lower <= 0 && each.upper >= 0
    const bucket = atZero ? oneSided(histogram, each) : each
    if (bucket.lower >= value) return Math.min(rank, observed)
    if (bucket.upper > value) {
      const scale = hasCustomBounds(histogram) || atZero ? 'linear' : 'exponential'
      return Math.min(rankInside(bucket, value, rank, scale), observed)
    }
    rank += bucket.count
  }
  return observed
}

/** Nothing can be said inside of a bucket without bounds: all of the first one counts, nothing of the last one. */
function rankInside(bucket: Bucket, value: number, rank: number, scale: Scale): number {
  if (bucket.lower === Number.NEGATIVE_INFINITY) return bucket.count
  return rank + bucket.count * fractionBelow(bucket, value, scale)
}
