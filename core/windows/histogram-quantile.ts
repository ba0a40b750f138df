import type { Histogram } from '../model/distribution.ts'
import type { HistogramPoint } from '../model/merged-histogram.ts'
import { quantileOf } from '../model/sketch/ddsketch.ts'

/**
 * The value of that rank; NaN where no buckets tell. Of exponential buckets within the error of their scale; of explicit
 * ones as if values were spread evenly in each, which may be off by as much as a bucket is wide.
 */
export function histogramQuantile(point: HistogramPoint, quantile: number): number {
  return point.kind === 'exponential_histogram' ? quantileOf(point, quantile) : ofExplicit(point, quantile)
}

function ofExplicit({ count, bounds, counts, min, max }: Histogram, quantile: number): number {
  if (count === 0 || bounds.length === 0) return Number.NaN
  const rank = quantile * count
  let below = 0
  let i = 0
  while (i < bounds.length && below + counts[i] < rank) below += counts[i++]
  const least = i > 0 ? bounds[i - 1] : Number.NEGATIVE_INFINITY
  const greatest = i < bounds.length ? bounds[i] : Number.POSITIVE_INFINITY
  // Of a bucket without an end the bound that it has is as much as anybody knows.
  const guess = Number.isFinite(greatest) ? Math.min(0, greatest) : Number.NaN
  const lower = Number.isFinite(least) ? least : Number.isNaN(min) ? guess : min
  const upper = Number.isFinite(greatest) ? greatest : Number.isNaN(max) ? lower : max
  const share = counts[i] === 0 ? 0 : (rank - below) / counts[i]
  const value = lower + (upper - lower) * share
  return Math.min(Number.isNaN(max) ? value : max, Math.max(Number.isNaN(min) ? value : min, value))
}
