import { apiFloat, shortFloat } from '../float-text.ts'
import { type Bucket, negativeBuckets, populatedBuckets, positiveBuckets, zeroBucket } from './buckets.ts'
import type { FloatHistogram } from './float-histogram.ts'

/** In answers of the Prometheus API: https://prometheus.io/docs/prometheus/latest/querying/api/#native-histograms */
export interface HistogramJson {
  readonly count: string
  readonly sum: string
  /** Those that are not empty. Absent if all are. The rule says which bounds belong to the bucket. */
  readonly buckets?: readonly (readonly [rule: number, lower: string, upper: string, count: string])[]
}

export function histogramJson(histogram: FloatHistogram): HistogramJson {
  const buckets = populatedBuckets(histogram)
  const { count, sum } = histogram
  const totals = { count: apiFloat(count), sum: apiFloat(sum) }
  if (buckets.length === 0) return totals
  return {
    ...totals,
    buckets: buckets.map(bucket => [
      boundaryRule(bucket),
      apiFloat(bucket.lower),
      apiFloat(bucket.upper),
      apiFloat(bucket.count)
    ])
  }
}

/** `{count:3, sum:5, (1,2]:2, (2,4]:1}`, which is also the value of a label that `count_values` makes. */
export function histogramText(histogram: FloatHistogram): string {
  const zero = histogram.zeroCount === 0 ? [] : [zeroBucket(histogram)]
  const buckets = [...negativeBuckets(histogram), ...zero, ...positiveBuckets(histogram)].map(bucketText)
  return `{${[`count:${shortFloat(histogram.count)}`, `sum:${shortFloat(histogram.sum)}`, ...buckets].join(', ')}}`
}

/** 0: only the upper bound belongs to the bucket; 1: only the lower one; 2: none; 3: both. */
function boundaryRule({ lowerInclusive, upperInclusive }: Bucket): number {
  if (lowerInclusive) return upperInclusive ? 3 : 1
  return upperInclusive ? 0 : 2
}

function bucketText({ lower, upper, lowerInclusive, upperInclusive, count }: Bucket): string {
  const open = lowerInclusive ? '[' : '('
  const close = upperInclusive ? ']' : ')'
  return `${open}${shortFloat(lower)},${shortFloat(upper)}${close}:${shortFloat(count)}`
}
