import type { Histogram } from './distribution.ts'

type Buckets = Pick<Histogram, 'bounds' | 'counts'>

/**
 * Explicit buckets without a last bound of infinity. No value lies beyond that bound, so it ends the bucket that every
 * histogram has above its last bound: with and without it, histograms are the same. If there is none, this returns the
 * buckets themselves.
 */
export function finiteBuckets(buckets: Buckets): Buckets {
  const { bounds, counts } = buckets
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY) return buckets
  const last = bounds.length - 1
  return { bounds: bounds.slice(0, last), counts: [...counts.slice(0, last), counts[last] + counts[last + 1]] }
}
