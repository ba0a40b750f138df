import { coarserIndex, hasCustomBounds, sameBounds, upperBound } from './bounds.ts'
import { trimmed } from './buckets.ts'
import { type Buckets, type FloatHistogram, NO_BUCKETS } from './float-histogram.ts'

/** What buckets mean: histograms of one layout are added bucket by bucket. */
export type Layout = Pick<FloatHistogram, 'schema' | 'zeroThreshold' | 'customBounds'>

/**
 * The finest layout that both can be brought into: the lower schema, the bounds that both have, and a zero bucket that
 * cuts no populated bucket of either. Undefined if only one has custom bounds.
 */
export function commonLayout(a: FloatHistogram, b: FloatHistogram): Layout | undefined {
  if (hasCustomBounds(a) !== hasCustomBounds(b)) return undefined
  if (hasCustomBounds(a)) {
    const same = sameBounds(a.customBounds, b.customBounds)
    return {
      schema: a.schema,
      zeroThreshold: 0,
      customBounds: same ? a.customBounds : shared(a.customBounds, b.customBounds)
    }
  }
  return { schema: Math.min(a.schema, b.schema), zeroThreshold: commonThreshold(a, b), customBounds: a.customBounds }
}

/** The histogram in a layout that is {@link commonLayout} of it and others. */
export function inLayout(histogram: FloatHistogram, layout: Layout): FloatHistogram {
  const { schema, zeroThreshold, customBounds } = histogram
  if (hasCustomBounds(histogram)) {
    if (sameBounds(customBounds, layout.customBounds)) return histogram
    return { ...histogram, customBounds: layout.customBounds, positive: rebound(histogram, layout.customBounds) }
  }
  if (schema === layout.schema && zeroThreshold === layout.zeroThreshold) return histogram
  return atSchema(withThreshold(histogram, layout.zeroThreshold), layout.schema)
}

/** With buckets of a schema that is not above the histogram's. */
export function atSchema(histogram: FloatHistogram, schema: number): FloatHistogram {
  if (schema === histogram.schema) return histogram
  const { positive, negative } = histogram
  return {
    ...histogram,
    schema,
    positive: coarser(positive, histogram.schema, schema),
    negative: coarser(negative, histogram.schema, schema)
  }
}

/** The count of the zero bucket if it reached up to `threshold`, or further if that would cut a populated bucket. */
export function widerZeroBucket(histogram: FloatHistogram, threshold: number): { threshold: number; count: number } {
  if (threshold <= histogram.zeroThreshold) return { threshold: histogram.zeroThreshold, count: histogram.zeroCount }
  let reached = threshold
  for (;;) {
    const positive = swallowed(histogram, histogram.positive, reached)
    const negative = swallowed(histogram, histogram.negative, positive.threshold)
    if (negative.threshold === reached)
      return { threshold: reached, count: histogram.zeroCount + positive.count + negative.count }
    reached = negative.threshold
  }
}

function commonThreshold(a: FloatHistogram, b: FloatHistogram): number {
  let threshold = Math.max(a.zeroThreshold, b.zeroThreshold)
  for (;;) {
    const wider = Math.max(widerZeroBucket(a, threshold).threshold, widerZeroBucket(b, threshold).threshold)
    if (wider === threshold) return threshold
    threshold = wider
  }
}

/** Sum of the buckets that begin below the threshold, and the threshold behind the last of them that is populated. */
function swallowed(histogram: FloatHistogram, { offset, counts }: Buckets, threshold: number) {
  let count = 0
  let reached = threshold
  for (let i = 0; i < counts.length && upperBound(histogram, offset + i - 1) < threshold; i++) {
    count += counts[i]!
    if (counts[i] !== 0) reached = Math.max(reached, upperBound(histogram, offset + i))
  }
  return { threshold: reached, count }
}

function withThreshold(histogram: FloatHistogram, threshold: number): FloatHistogram {
  if (threshold === histogram.zeroThreshold) return histogram
  const { zeroCount, positive, negative } = histogram
  return {
    ...histogram,
    zeroThreshold: threshold,
    zeroCount:
      zeroCount + swallowed(histogram, positive, threshold).count + swallowed(histogram, negative, threshold).count,
    positive: outside(histogram, positive, threshold),
    negative: outside(histogram, negative, threshold)
  }
}

/** Buckets that do not begin below the threshold. */
function outside(histogram: FloatHistogram, { offset, counts }: Buckets, threshold: number): Buckets {
  let from = 0
  while (from < counts.length && upperBound(histogram, offset + from - 1) < threshold) from++
  return trimmed({ offset: offset + from, counts: counts.subarray(from) })
}

function coarser({ offset, counts }: Buckets, schema: number, target: number): Buckets {
  if (counts.length === 0) return NO_BUCKETS
  const first = coarserIndex(offset, schema, target)
  const merged = new Float64Array(coarserIndex(offset + counts.length - 1, schema, target) - first + 1)
  for (let i = 0; i < counts.length; i++) merged[coarserIndex(offset + i, schema, target) - first]! += counts[i]!
  return { offset: first, counts: merged }
}

/** Of rising bounds, those that both have. */
function shared(a: Float64Array, b: Float64Array): Float64Array {
  const others = new Set(b)
  return a.filter(bound => others.has(bound))
}

/** Counts under fewer bounds: each goes to the bucket that ends at the next one. */
function rebound({ positive, customBounds }: FloatHistogram, bounds: Float64Array): Buckets {
  const counts = new Float64Array(bounds.length + 1)
  let target = 0
  for (let i = 0; i < positive.counts.length; i++) {
    const upper = customBounds[positive.offset + i] ?? Number.POSITIVE_INFINITY
    while (target < bounds.length && bounds[target]! < upper) target++
    counts[target]! += positive.counts[i]!
  }
  return trimmed({ offset: 0, counts })
}
