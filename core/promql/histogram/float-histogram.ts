/** Schema of histograms with bounds of their own. */
export const CUSTOM_BUCKETS = -53

/** Whether a histogram starts anew. `gauge`: it may go down, and resets mean nothing. */
export type CounterReset = 'unknown' | 'reset' | 'not_reset' | 'gauge'

/**
 * Buckets side by side: `counts[i]` is the count of bucket `offset + i`. Bucket `n` of schema `s` covers
 * `(base^(n - 1), base^n]` with `base = 2^(2^-s)`; with custom bounds it covers `(bounds[n - 1], bounds[n]]`.
 */
export interface Buckets {
  readonly offset: number
  readonly counts: Float64Array
}

export const NO_BUCKETS: Buckets = { offset: 0, counts: new Float64Array() }

/**
 * A native histogram with counts as floats, immutable. The shape follows Prometheus's `FloatHistogram`, with dense
 * buckets in place of spans: https://prometheus.io/docs/specs/native_histograms/
 */
export interface FloatHistogram {
  /** -4 to 8, or {@link CUSTOM_BUCKETS}. */
  readonly schema: number
  readonly counterReset: CounterReset
  readonly count: number
  readonly sum: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly positive: Buckets
  /** Of absolute values. Empty with custom bounds. */
  readonly negative: Buckets
  /** Rising, without +Inf: one less than there are buckets. Empty unless the schema is {@link CUSTOM_BUCKETS}. */
  readonly customBounds: Float64Array
}
