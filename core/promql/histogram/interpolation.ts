import { hasCustomBounds } from './bounds.ts'
import type { Bucket } from './buckets.ts'
import type { FloatHistogram } from './float-histogram.ts'

/** Where values of a bucket are taken to be: spread evenly, or evenly on a logarithmic scale. */
export type Scale = 'linear' | 'exponential'

/** Of custom buckets and the zero bucket: linear. */
export function scaleOf(histogram: FloatHistogram, { lower, upper }: Bucket): Scale {
  return hasCustomBounds(histogram) || (lower <= 0 && upper >= 0) ? 'linear' : 'exponential'
}

/** The part of a bucket's values that is below `value`, which lies between its bounds. Both are finite. */
export function fractionBelow({ lower, upper }: Bucket, value: number, scale: Scale): number {
  if (scale === 'linear') return (value - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const logValue = Math.log2(Math.abs(value))
  return value > 0 ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper)
}

/** The value that has `fraction` of the bucket's values below it. */
export function valueAt({ lower, upper }: Bucket, fraction: number, scale: Scale): number {
  if (scale === 'linear') return lower + (upper - lower) * fraction
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  return lower > 0
    ? 2 ** (logLower + (logUpper - logLower) * fraction)
    : -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** The zero bucket of a histogram of positive values only begins at 0, that of one of negative values only ends there. */
export function oneSided(histogram: FloatHistogram, bucket: Bucket): Bucket {
  const positive = histogram.positive.counts.length > 0
  const negative = histogram.negative.counts.length > 0
  if (positive && !negative) return { ...bucket, lower: 0 }
  return negative && !positive ? { ...bucket, upper: 0 } : bucket
}
