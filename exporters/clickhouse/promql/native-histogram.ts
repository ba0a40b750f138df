import type { ExponentialBuckets, ExponentialHistogram, Histogram } from '../../../core/model/distribution.ts'
import { finiteBuckets } from '../../../core/model/finite-buckets.ts'
import {
  type Buckets,
  type CounterReset,
  CUSTOM_BUCKETS,
  type FloatHistogram,
  NO_BUCKETS
} from '../../../core/promql/histogram/float-histogram.ts'

const MAX_SCHEMA = 8
const MIN_SCHEMA = -4
/** With the coarsest schema the bucket of this index reaches past all numbers; that of the other has the least ones. */
const LAST_INDEX = 64
const FIRST_INDEX = -68

/** The histogram as a native one: explicit bounds are custom buckets. */
export function nativeHistogram(from: Histogram | ExponentialHistogram, counterReset: CounterReset): FloatHistogram {
  const { count, sum } = from
  return { count, sum, counterReset, ...(from.kind === 'histogram' ? customShape(from) : exponentialShape(from)) }
}

type Shape = Omit<FloatHistogram, 'count' | 'sum' | 'counterReset'>

function customShape(histogram: Histogram): Shape {
  const { bounds, counts } = finiteBuckets(histogram)
  return {
    schema: CUSTOM_BUCKETS,
    zeroThreshold: 0,
    zeroCount: 0,
    // If only the total is known, it is in the one bucket that there is.
    positive: { offset: 0, counts: Float64Array.from(counts.length === 0 ? [histogram.count] : counts) },
    negative: NO_BUCKETS,
    customBounds: Float64Array.from(bounds)
  }
}

function exponentialShape({ scale, zeroThreshold, zeroCount, positive, negative }: ExponentialHistogram): Shape {
  return {
    schema: Math.max(MIN_SCHEMA, Math.min(MAX_SCHEMA, scale)),
    zeroThreshold,
    zeroCount,
    positive: rescaled(positive, scale),
    negative: rescaled(negative, scale),
    customBounds: NO_BUCKETS.counts
  }
}

/** Bucket `i` begins at `base^i` in OpenTelemetry, and ends there in Prometheus. */
function rescaled({ offset, counts }: ExponentialBuckets, scale: number): Buckets {
  if (counts.length === 0) return NO_BUCKETS
  const indexOf = (i: number) => prometheusIndex(offset + i, scale)
  const first = indexOf(0)
  const merged = new Float64Array(indexOf(counts.length - 1) - first + 1)
  for (let i = 0; i < counts.length; i++) merged[indexOf(i) - first] += counts[i]
  return { offset: first, counts: merged }
}

/** Finer buckets are merged, which is exact in counts. A coarser one counts in the last of those that it covers. */
function prometheusIndex(index: number, scale: number): number {
  if (scale > MAX_SCHEMA) return Math.floor(index / 2 ** (scale - MAX_SCHEMA)) + 1
  if (scale >= MIN_SCHEMA) return index + 1
  return Math.max(FIRST_INDEX, Math.min(LAST_INDEX, (index + 1) * 2 ** (MIN_SCHEMA - scale)))
}
