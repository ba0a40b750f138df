import type { ExponentialBuckets, ExponentialHistogram } from '../../model/distribution.ts'
import { lowerBound } from '../../model/sketch/exponential-counts.ts'
import { boundText } from './bounds.ts'

/**
 * The finest scale kept: 26 buckets a decade, so a quantile is at most 4.4 % off. Finer ones are merged down to it,
 * which is exact in counts. SDKs change the scale as values spread; without a common one the buckets of before would
 * end, and `rate()` with them.
 */
const MAX_SCALE = 3

// The lower bound that VictoriaMetrics itself takes for the bucket of zero.
const SMALLEST = 1e-9

/** `count` values in `(lower, upper]`, at negative values `[lower, upper)`. */
export interface Range {
  readonly lower: number
  readonly upper: number
  readonly count: number
}

/** The ranges that hold something, rising. */
export function bucketRanges(histogram: ExponentialHistogram): Range[] {
  const positive = merged(histogram.positive, histogram.scale)
  const negative = merged(histogram.negative, histogram.scale)
  const ranges = negative.map(({ lower, upper, count }) => ({ lower: -upper, upper: -lower, count })).reverse()
  const { zeroCount, zeroThreshold } = histogram
  const lower = ranges.length > 0 ? -zeroThreshold : 0
  if (zeroCount > 0) ranges.push({ lower, upper: zeroThreshold, count: zeroCount })
  return ranges.concat(positive)
}

/** Upper bounds with the number of values up to them; the last is infinite. */
export type CumulativeBuckets = readonly (readonly [bound: number, count: number])[]

/**
 * Cumulative buckets. If empty buckets lie below one, its lower bound is there too: otherwise a quantile would be
 * interpolated across them.
 */
export function leBuckets(histogram: ExponentialHistogram): CumulativeBuckets {
  const buckets: [number, number][] = []
  let below = 0
  for (const { lower, upper, count } of bucketRanges(histogram)) {
    const reached = buckets.at(-1)?.[0]
    if (lower !== reached && lower !== upper && lower !== Number.NEGATIVE_INFINITY) buckets.push([lower, below])
    below += count
    // That one is added below, with all that was counted.
    if (upper !== Number.POSITIVE_INFINITY) buckets.push([upper, below])
  }
  return [...buckets, [Number.POSITIVE_INFINITY, histogram.count]]
}

/** As VictoriaMetrics' own histograms are labelled: `0.5...0.5452538663326288`. */
export function vmrange({ lower, upper }: Range): string {
  return `${boundText(lower)}...${boundText(lower === upper ? lower + SMALLEST : upper)}`
}

function merged({ offset, counts }: ExponentialBuckets, scale: number): Range[] {
  const kept = Math.min(scale, MAX_SCALE)
  const width = 2 ** (scale - kept)
  const ranges: Range[] = []
  for (let i = 0; i < counts.length; ) {
    const bucket = Math.floor((offset + i) / width)
    let count = 0
    for (; i < counts.length && Math.floor((offset + i) / width) === bucket; i++) count += counts[i]
    if (count > 0) ranges.push({ lower: lowerBound(bucket, kept), upper: lowerBound(bucket + 1, kept), count })
  }
  return ranges
}
