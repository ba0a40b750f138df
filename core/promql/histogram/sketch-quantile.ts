import type { ExponentialBuckets } from '../../model/distribution.ts'
import { quantileOf } from '../../model/sketch/ddsketch.ts'
import { hasCustomBounds } from './bounds.ts'
import type { Buckets, FloatHistogram } from './float-histogram.ts'
import { histogramQuantile } from './quantile.ts'

/**
 * The quantile of a histogram that is taken for a DDSketch: off by half a bucket at most, as a share of its value, and the
 * same that Weir's processors compute. With custom bounds it is that of `histogram_quantile`.
 */
export function sketchQuantile(q: number, histogram: FloatHistogram): number {
  if (hasCustomBounds(histogram) || !(q >= 0 && q <= 1)) return histogramQuantile(q, histogram).value
  const { schema, count, sum, zeroCount, zeroThreshold, positive, negative } = histogram
  const unbounded = { min: Number.NaN, max: Number.NaN }
  return quantileOf(
    {
      kind: 'exponential_histogram',
      ...{ count, sum, ...unbounded, scale: schema, zeroCount, zeroThreshold },
      positive: exponentialBuckets(positive),
      negative: exponentialBuckets(negative)
    },
    q
  )
}

/** A bucket of this index begins where that of Prometheus's index ends. */
function exponentialBuckets({ offset, counts }: Buckets): ExponentialBuckets {
  return { offset: offset - 1, counts: Array.from(counts) }
}
