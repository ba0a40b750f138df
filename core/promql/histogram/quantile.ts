import { hasCustomBounds } from './bounds.ts'
import { type Bucket, populatedBuckets } from './buckets.ts'
import type { FloatHistogram } from './float-histogram.ts'
import { oneSided, scaleOf, valueAt } from './interpolation.ts'

/** A quantile. `nan`: observations of NaN made it NaN, or larger than it is without them. */
export interface Quantile {
  readonly value: number
  readonly nan: 'none' | 'result' | 'skew'
}

/**
 * Estimated quantile of a native histogram. Below 0 it is -Inf, above 1 +Inf. Observations of NaN, which only the count
 * knows of, are taken to be above all others.
 */
export function histogramQuantile(q: number, histogram: FloatHistogram): Quantile {
  if (q < 0) return { value: Number.NEGATIVE_INFINITY, nan: 'none' }
  if (q > 1) return { value: Number.POSITIVE_INFINITY, nan: 'none' }
  if (histogram.count === 0 || Number.isNaN(q)) return { value: Number.NaN, nan: 'none' }
  const withNaN = Number.isNaN(histogram.sum)
  // From the nearer end: large counts lose no digits.
  const rising = withNaN || q < 0.5
  const buckets = populatedBuckets(histogram)
  const rank = (rising ? q : 1 - q) * histogram.count
  const found = bucketOfRank(rising ? buckets : buckets.toReversed(), rank)
  if (found === undefined) return { value: withNaN || rank === 0 ? Number.NaN : 0, nan: withNaN ? 'result' : 'none' }
  const bound = openBound(histogram, found.bucket)
  if (bound !== undefined) return { value: bound, nan: 'none' }
  const bucket = atZero(histogram, found.bucket)
  const upTo = Math.min(found.upTo, histogram.count)
  if (upTo < rank) return withNaN ? { value: Number.NaN, nan: 'result' } : { value: bucket.upper, nan: 'none' }
  const inside = rising ? rank - (upTo - bucket.count) : upTo - rank
  const observed = withNaN ? buckets.reduce((sum, { count }) => sum + count, 0) : histogram.count
  const value = valueAt(bucket, inside / bucket.count, scaleOf(histogram, bucket))
  return { value, nan: observed < histogram.count ? 'skew' : 'none' }
}

/** The first bucket that reaches the rank, or the last one, and the counts up to its end. */
function bucketOfRank(buckets: readonly Bucket[], rank: number): { bucket: Bucket; upTo: number } | undefined {
  let upTo = 0
  for (const bucket of buckets) {
    upTo += bucket.count
    if (upTo >= rank) return { bucket, upTo }
  }
  const last = buckets.at(-1)
  return last && { bucket: last, upTo }
}

function atZero(histogram: FloatHistogram, bucket: Bucket): Bucket {
  if (hasCustomBounds(histogram))
    return bucket.lower === Number.NEGATIVE_INFINITY && bucket.upper > 0 ? { ...bucket, lower: 0 } : bucket
  return bucket.lower < 0 && bucket.upper > 0 ? oneSided(histogram, bucket) : bucket
}

/** The bound that stands for a custom bucket without the other one. A first bucket that ends above 0 begins at 0. */
function openBound(histogram: FloatHistogram, { lower, upper }: Bucket): number | undefined {
  if (!hasCustomBounds(histogram)) return undefined
  if (lower === Number.NEGATIVE_INFINITY) return upper <= 0 ? upper : undefined
  return upper === Number.POSITIVE_INFINITY ? lower : undefined
}
