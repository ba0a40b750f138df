import { hasCustomBounds } from './bounds.ts'
import { type Bucket, populatedBuckets } from './buckets.ts'
import type { FloatHistogram } from './float-histogram.ts'

/** Mean of the observations. */
export function histogramAverage({ sum, count }: FloatHistogram): number {
  return sum / count
}

/** Estimated variance: observations are taken to be in the middle of their buckets, on the buckets' scale. */
export function histogramVariance(histogram: FloatHistogram): number {
  const mean = histogramAverage(histogram)
  const custom = hasCustomBounds(histogram)
  let sum = 0
  let lost = 0
  for (const bucket of populatedBuckets(histogram)) {
    const square = bucket.count * (middle(bucket, custom) - mean) ** 2
    const total = sum + square
    if (Number.isFinite(total)) lost += sum >= square ? sum - total + square : square - total + sum
    sum = total
  }
  return (sum + lost) / histogram.count
}

export function histogramStandardDeviation(histogram: FloatHistogram): number {
  return Math.sqrt(histogramVariance(histogram))
}

function middle({ lower, upper }: Bucket, custom: boolean): number {
  if (custom) return (lower + upper) / 2
  if (lower <= 0 && upper >= 0) return 0
  return upper < 0 ? -Math.sqrt(upper * lower) : Math.sqrt(upper * lower)
}
