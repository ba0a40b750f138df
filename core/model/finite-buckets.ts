import type { Histogram } from './distribution.ts'

type Buckets = Pick<Histogram, 'bounds' | 'counts'>

/**
 * Explicit buckets without a last bound of infinity. Beyond it nothing lies, so it bounds the bucket that every histogram
 * has above its last bound: with it and without, histograms are the same. The buckets themselves where there is none.
 */
export function finiteBuckets(buckets: Buckets): Buckets {
  const { bounds, counts } = buckets
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY) return buckets
  const last = bounds.length - 1
  return { bounds: bounds.slice(0, last), counts: [...counts.slice(0, last), counts[last] + counts[last + 1]] }
}
