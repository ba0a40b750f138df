import { hasCustomBounds, upperBound } from './bounds.ts'
import { type Buckets, type FloatHistogram, NO_BUCKETS } from './float-histogram.ts'

/** A bucket with its bounds. */
export interface Bucket {
  readonly lower: number
  readonly upper: number
  readonly lowerInclusive: boolean
  readonly upperInclusive: boolean
  readonly count: number
}

/** Buckets that are not empty, from the lowest to the highest value. The zero bucket cuts off those it overlaps. */
export function populatedBuckets(histogram: FloatHistogram): Bucket[] {
  const { zeroThreshold, zeroCount } = histogram
  const buckets: Bucket[] = []
  for (const bucket of negativeBuckets(histogram)) buckets.push(cutOff(bucket, zeroThreshold))
  if (zeroCount > 0) buckets.push(zeroBucket(histogram))
  for (const bucket of positiveBuckets(histogram)) buckets.push(cutOff(bucket, zeroThreshold))
  return buckets
}

/** Those of negative values that are not empty, rising. */
export function negativeBuckets(histogram: FloatHistogram): Bucket[] {
  const { offset, counts } = histogram.negative
  const buckets: Bucket[] = []
  for (let i = counts.length - 1; i >= 0; i--) {
    if (counts[i] !== 0) buckets.push(bucketAt(histogram, offset + i, counts[i]!, true))
  }
  return buckets
}

/** Those of positive values, or of custom bounds, that are not empty, rising. */
export function positiveBuckets(histogram: FloatHistogram): Bucket[] {
  const { offset, counts } = histogram.positive
  const buckets: Bucket[] = []
  for (let i = 0; i < counts.length; i++) {
    if (counts[i] !== 0) buckets.push(bucketAt(histogram, offset + i, counts[i]!, false))
  }
  return buckets
}

export function zeroBucket({ zeroThreshold, zeroCount }: FloatHistogram): Bucket {
  return {
    lower: -zeroThreshold,
    upper: zeroThreshold,
    lowerInclusive: true,
    upperInclusive: true,
    count: zeroCount
  }
}

/** Without empty buckets at the ends. */
export function trimmed(buckets: Buckets): Buckets {
  const { offset, counts } = buckets
  let from = 0
  let to = counts.length
  while (from < to && counts[from] === 0) from++
  while (to > from && counts[to - 1] === 0) to--
  if (from === to) return NO_BUCKETS
  if (to - from === counts.length) return buckets
  return { offset: offset + from, counts: counts.subarray(from, to) }
}

function bucketAt(histogram: FloatHistogram, index: number, count: number, negative: boolean): Bucket {
  const inner = upperBound(histogram, index - 1)
  const outer = upperBound(histogram, index)
  if (negative) return { lower: -outer, upper: -inner, lowerInclusive: true, upperInclusive: false, count }
  const lowerInclusive = hasCustomBounds(histogram) && index === 0
  return { lower: inner, upper: outer, lowerInclusive, upperInclusive: true, count }
}

function cutOff(bucket: Bucket, zeroThreshold: number): Bucket {
  if (bucket.upper < 0 && bucket.upper > -zeroThreshold) return { ...bucket, upper: -zeroThreshold }
  if (bucket.lower > 0 && bucket.lower < zeroThreshold) return { ...bucket, lower: zeroThreshold }
  return bucket
}
