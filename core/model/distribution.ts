import type { SavedDistinct } from './sketch/distinct-counter.ts'

/** OTLP Histogram. `counts` has one more entry than `bounds`; both are empty if only count and sum are known. */
export interface Histogram {
  readonly kind: 'histogram'
  readonly count: number
  /** NaN if unknown, as are `min` and `max`. A sum with an unknown addend is unknown. */
  readonly sum: number
  /** `min === max` says that all `count` observations had this value. */
  readonly min: number
  readonly max: number
  /** Upper bounds, inclusive, strictly rising. */
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

/** Buckets `(base^i, base^(i+1)]` for `i = offset + index`, with `base = 2^(2^-scale)`. */
export interface ExponentialBuckets {
  readonly offset: number
  readonly counts: readonly number[]
}

/** OTLP ExponentialHistogram. */
export interface ExponentialHistogram {
  readonly kind: 'exponential_histogram'
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly scale: number
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: ExponentialBuckets
  readonly negative: ExponentialBuckets
}

/** OTLP Summary: quantiles somebody else computed; they cannot be merged. */
export interface Summary {
  readonly kind: 'summary'
  readonly count: number
  readonly sum: number
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[]
}

/** StatsD set: members seen. */
export interface MemberSet {
  readonly kind: 'set'
  readonly members: readonly string[]
}

/** The sketch that a set's members were counted in: unlike their number it merges, without loss and in any order. */
export interface DistinctSketch {
  readonly kind: 'distinct'
  /** A whole number: exact up to 512, above it an estimate. */
  readonly count: number
  /** The saved state of a `DistinctCounter`; nobody writes to its arrays. */
  readonly state: SavedDistinct
}

export type Distribution = Histogram | ExponentialHistogram | Summary | MemberSet | DistinctSketch

/** The sum as an addend: 0 if nothing was observed, NaN if something was, and the sum is unknown. */
export function additiveSum({ count, sum }: { readonly count: number; readonly sum: number }): number {
  return count === 0 && Number.isNaN(sum) ? 0 : sum
}

/** The number that stands for the distribution in the block's column of values. */
export function numberOf(distribution: Distribution): number {
  if (distribution.kind === 'set') return distribution.members.length
  return distribution.kind === 'distinct' ? distribution.count : distribution.sum
}

/** Shared, for there may be millions of observations. */
const NO_BUCKETS: readonly number[] = []

/** `count` observations of the same `value`, as in a line of a StatsD timer. */
export function observation(value: number, count: number): Histogram {
  return {
    kind: 'histogram',
    count,
    sum: value * count,
    min: value,
    max: value,
    bounds: NO_BUCKETS,
    counts: NO_BUCKETS
  }
}
