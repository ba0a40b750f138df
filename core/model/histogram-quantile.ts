import type { Histogram } from './distribution.ts'
import { finiteBuckets } from './finite-buckets.ts'
import type { HistogramPoint } from './merged-histogram.ts'
import { quantileOf } from './sketch/ddsketch.ts'

/**
 * The value of that rank; NaN without buckets. With exponential buckets it is within the error of their scale. In
 * explicit ones values are taken for evenly spread, so it may be off by the width of a bucket.
 */
export function histogramQuantile(point: HistogramPoint, quantile: number): number {
  return point.kind === 'exponential_histogram' ? quantileOf(point, quantile) : ofExplicit(point, quantile)
}

function ofExplicit(histogram: Histogram, quantile: number): number {
  const { count, min, max } = histogram
  const { bounds, counts } = finiteBuckets(histogram)
  if (count === 0 || bounds.length === 0) return Number.NaN
  const rank = quantile * count
  let below = 0
  let i = 0
  while (i < bounds.length && below + counts[i] < rank) below += counts[i++]
  const lower = lowerEnd(bounds, i, min)
  const upper = i < bounds.length ? bounds[i] : Number.isNaN(max) ? lower : max
  const share = counts[i] === 0 ? 0 : (rank - below) / counts[i]
  const value = lower + (upper - lower) * share
  return Math.min(Number.isNaN(max) ? value : max, Math.max(Number.isNaN(min) ? value : min, value))
}

/** The lower bound of bucket `i`; if it has none, the least value, or else 0 or below. */
function lowerEnd(bounds: readonly number[], i: number, min: number): number {
  if (i > 0 && bounds[i - 1] !== Number.NEGATIVE_INFINITY) return bounds[i - 1]
  return Number.isNaN(min) ? Math.min(0, bounds[i] ?? 0) : min
}
