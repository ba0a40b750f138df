import { finiteBuckets } from '../../model/finite-buckets.ts'
import { type HistogramPoint, isSame } from '../../model/merged-histogram.ts'
import { ExponentialCounts } from '../../model/sketch/exponential-counts.ts'

/**
 * The increment of a cumulative histogram from `before` to `now`. If `now` counted less it has begun anew, and is the
 * increment itself. The sum does not tell this: negative values decrease it.
 */
export function increase(now: HistogramPoint, before: HistogramPoint): HistogramPoint {
  // An empty histogram may have come without its buckets.
  return now.count < before.count || before.count === 0 ? now : difference(now, before)
}

/**
 * The observations of a cumulative histogram from `before` to `now`. Its `min` and `max` are those of its whole life, so
 * those of the difference are unknown. If the buckets are others than before, or hold less, the difference has none.
 */
function difference(now: HistogramPoint, before: HistogramPoint): HistogramPoint {
  const parts = { count: now.count - before.count, sum: now.sum - before.sum, min: Number.NaN, max: Number.NaN }
  if (now.kind === 'exponential_histogram' && before.kind === 'exponential_histogram') {
    const counts = new ExponentialCounts()
    counts.add(now)
    counts.add(before, -1)
    const shape = counts.shape()
    if (shape.zeroCount >= 0 && isPositive(shape.positive.counts) && isPositive(shape.negative.counts))
      return { kind: 'exponential_histogram', ...parts, ...shape }
  }
  if (now.kind === 'histogram' && before.kind === 'histogram') {
    const [own, other] = [finiteBuckets(now), finiteBuckets(before)]
    const counts = own.counts.map((count, i) => count - other.counts[i])
    if (isSame(own.bounds, other.bounds) && isPositive(counts))
      return { kind: 'histogram', ...parts, bounds: own.bounds, counts }
  }
  return { kind: 'histogram', ...parts, bounds: [], counts: [] }
}

const isPositive = (counts: readonly number[]) => counts.every(count => count >= 0)
