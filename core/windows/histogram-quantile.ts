import type { Histogram } from '../model/distribution.ts'
import { quantileOf } from '../model/sketch/ddsketch.ts'
import type { HistogramPoint } from './merged-histogram.ts'

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
  const lower = i > 0 ? bounds[i - 1] : Number.isNaN(min) ? Math.min(0, bounds[0]) : min
  const upper = i < bounds.length ? bounds[i] : Number.isNaN(max) ? lower : max
  const share = counts[i] === 0 ? 0 : (rank - below) / counts[i]
  const value = lower + (upper - lower) * share
  return Math.min(Number.isNaN(max) ? value : max, Math.max(Number.isNaN(min) ? value : min, value))
}
