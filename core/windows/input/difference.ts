import { finiteBuckets } from '../../model/finite-buckets.ts'
import { type HistogramPoint, isSame } from '../../model/merged-histogram.ts'
import { ExponentialCounts } from '../../model/sketch/exponential-counts.ts'

/**
 * What `now` adds to the point before of a cumulative histogram; `now` itself where it counted less, having begun anew. Its
 * sum does not tell: it goes down where values are below 0.
 */
export function increase(now: HistogramPoint, before: HistogramPoint): HistogramPoint {
  // What was empty may not have said what its buckets are.
  return now.count < before.count || before.count === 0 ? now : difference(now, before)
}

/**
 * What a cumulative histogram counted from `before` to `now`; `min` and `max` are of its whole life, so of that nothing
 * is known. Without buckets where they are not those of before, or hold less.
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
