import { hasCustomBounds } from './bounds.ts'
import { type Bucket, negativeBuckets, positiveBuckets, trimmed, zeroBucket } from './buckets.ts'
import type { Buckets, FloatHistogram } from './float-histogram.ts'
import { fractionBelow, type Scale } from './interpolation.ts'

/** Which observations remain: those below the limit (`</`), or those above it (`>/`). */
export type Kept = 'below' | 'above'

/** What remains of a bucket: its count, and the value that stands for each of its observations. */
interface Rest {
  readonly count: number
  readonly value: number
}

/**
 * The histogram without the observations beyond `limit`, estimated inside of the bucket that it cuts. The sum is estimated
 * too, but if nothing was removed.
 */
export function trimBuckets(histogram: FloatHistogram, limit: number, kept: Kept): FloatHistogram {
  const scale: Scale = hasCustomBounds(histogram) ? 'linear' : 'exponential'
  const positive = positiveBuckets(histogram).map(bucket => restOf(bucket, limit, kept, scale, 1))
  const negative = negativeBuckets(histogram).map(bucket => restOf(bucket, limit, kept, scale, -1))
  const zero = zeroRest(histogram, limit, kept, positive.length > 0, negative.length > 0)
  const positiveCounts = replaced(histogram.positive, positive)
  const negativeCounts = replaced(histogram.negative, negative.toReversed())
  const unchanged = zero.count === histogram.zeroCount && positiveCounts === undefined && negativeCounts === undefined
  if (unchanged) return histogram
  const rests = [...positive, ...negative, zero]
  return {
    ...histogram,
    count: rests.reduce((sum, { count }) => sum + count, 0),
    sum: rests.reduce((sum, { count, value }) => sum + (count === 0 ? 0 : count * value), 0),
    zeroCount: zero.count,
    positive: trimmed(positiveCounts ?? histogram.positive),
    negative: trimmed(negativeCounts ?? histogram.negative)
  }
}

function restOf(bucket: Bucket, limit: number, kept: Kept, scale: Scale, sign: 1 | -1): Rest {
  const { lower, upper, count } = bucket
  const whole = kept === 'below' ? upper <= limit : lower >= limit
  if (whole) return { count, value: midpoint(lower, upper, scale, sign) }
  const nothing = kept === 'below' ? lower >= limit : upper <= limit
  if (nothing) return { count: 0, value: 0 }
  if (lower === Number.NEGATIVE_INFINITY) return restOfFirst(bucket, limit, kept)
  // Nobody knows how far the last bucket reaches, so it is above any limit inside of it.
  if (upper === Number.POSITIVE_INFINITY) return kept === 'below' ? { count: 0, value: 0 } : { count, value: limit }
  const below = count * fractionBelow(bucket, limit, scale)
  return kept === 'below'
    ? { count: below, value: midpoint(lower, limit, scale, sign) }
    : { count: count - below, value: midpoint(limit, upper, scale, sign) }
}

/** Of the bucket that begins at -Inf. If it ends above 0, its values are taken to be positive. */
function restOfFirst({ upper, count }: Bucket, limit: number, kept: Kept): Rest {
  if (kept === 'below') {
    if (limit > 0 && upper > 0 && upper !== Number.POSITIVE_INFINITY)
      return { count: (count * limit) / upper, value: limit / 2 }
    return upper <= 0 ? { count, value: limit } : { count: 0, value: 0 }
  }
  if (limit >= 0 && upper !== Number.POSITIVE_INFINITY)
    return { count: count * (1 - limit / upper), value: (limit + upper) / 2 }
  return { count: 0, value: 0 }
}

/** Values of the zero bucket are spread evenly, on one side of 0 if the others are. */
function zeroRest(
  histogram: FloatHistogram,
  limit: number,
  kept: Kept,
  hasPositive: boolean,
  hasNegative: boolean
): Rest {
  const bucket = zeroBucket(histogram)
  if (!(bucket.count > 0)) return { count: bucket.count, value: 0 }
  const lower = hasPositive && !hasNegative ? 0 : bucket.lower
  const upper = hasNegative && !hasPositive ? 0 : bucket.upper
  const from = kept === 'below' ? lower : Math.max(lower, limit)
  const to = kept === 'below' ? Math.min(upper, limit) : upper
  if (from <= lower && to >= upper) return { count: bucket.count, value: (lower + upper) / 2 }
  if (from >= to) return { count: 0, value: 0 }
  return { count: (bucket.count * (to - from)) / (upper - lower), value: (from + to) / 2 }
}

function midpoint(lower: number, upper: number, scale: Scale, sign: 1 | -1): number {
  if (lower === Number.NEGATIVE_INFINITY) {
    if (upper === Number.POSITIVE_INFINITY) return 0
    return upper > 0 ? upper / 2 : upper
  }
  if (upper === Number.POSITIVE_INFINITY) return lower
  return scale === 'linear' ? (lower + upper) / 2 : sign * Math.sqrt(Math.abs(lower * upper))
}

/** Counts of the populated buckets in their order, put in their places. Undefined if none has changed. */
function replaced({ offset, counts }: Buckets, rests: readonly Rest[]): Buckets | undefined {
  let next = 0
  const replacement = counts.map(count => (count === 0 ? 0 : rests[next++]!.count))
  return replacement.some((count, i) => count !== counts[i]) ? { offset, counts: replacement } : undefined
}
