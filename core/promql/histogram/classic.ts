/** Differences of counts that are smaller, relatively, come from rounding. */
const ROUNDING = 1e-12
const LEAST_NORMAL = 2.2250738585072014e-308

/** A bucket of a classic histogram: observations up to the value of its label `le`. */
export interface ClassicBucket {
  readonly upperBound: number
  readonly count: number
}

/** How counts that fell towards larger bounds were made rising. */
export interface MonotonicityFix {
  readonly fromBound: number
  readonly toBound: number
  readonly mostDifference: number
}

export interface ClassicQuantile {
  readonly value: number
  readonly fix: MonotonicityFix | undefined
}

/**
 * Estimated quantile of a classic histogram, whose buckets come in any order. NaN without a bucket up to +Inf, and without
 * observations. Values are taken to be spread evenly in their bucket, and the first one to begin at 0.
 */
export function classicQuantile(q: number, unsorted: readonly ClassicBucket[]): ClassicQuantile {
  const known = edgeQuantile(q)
  if (known !== undefined) return { value: known, fix: undefined }
  const sorted = byBound(unsorted)
  if (sorted.at(-1)?.upperBound !== Number.POSITIVE_INFINITY) return { value: Number.NaN, fix: undefined }
  const { buckets, fix } = rising(sorted)
  const observations = buckets.at(-1)!.count
  if (buckets.length < 2 || observations === 0 || Number.isNaN(observations)) return { value: Number.NaN, fix }
  return { value: valueOfRank(q * observations, buckets), fix }
}

/** Estimated part of a classic histogram's observations that lie between two values. */
export function classicFraction(lower: number, upper: number, unsorted: readonly ClassicBucket[]): number {
  const buckets = byBound(unsorted)
  const last = buckets.at(-1)
  if (last?.upperBound !== Number.POSITIVE_INFINITY) return Number.NaN
  if (last.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN
  if (lower >= upper) return 0
  return (rankOf(upper, buckets) - rankOf(lower, buckets)) / last.count
}

function edgeQuantile(q: number): number | undefined {
  if (Number.isNaN(q)) return Number.NaN
  if (q < 0) return Number.NEGATIVE_INFINITY
  return q > 1 ? Number.POSITIVE_INFINITY : undefined
}

/** Sorted, with buckets of the same bound added up. */
function byBound(unsorted: readonly ClassicBucket[]): ClassicBucket[] {
  const sorted: ClassicBucket[] = []
  for (const bucket of unsorted.toSorted((a, b) => a.upperBound - b.upperBound || 0)) {
    const last = sorted.at(-1)
    if (last?.upperBound !== bucket.upperBound) sorted.push(bucket)
    else sorted[sorted.length - 1] = { ...last, count: last.count + bucket.count }
  }
  return sorted
}

/** Counts that never fall: each is at least the one before. Differences by rounding are removed without a word. */
function rising(sorted: readonly ClassicBucket[]): { buckets: ClassicBucket[]; fix: MonotonicityFix | undefined } {
  const buckets: ClassicBucket[] = []
  let highest = sorted[0]!.count
  let fix: MonotonicityFix | undefined
  for (const bucket of sorted) {
    const { count, upperBound } = bucket
    const rounded = count === highest || differsByRounding(highest, count)
    if (!rounded && count < highest) {
      const mostDifference = Math.max(fix?.mostDifference ?? 0, highest - count)
      fix = { fromBound: fix?.fromBound ?? upperBound, toBound: upperBound, mostDifference }
    }
    if (!rounded && !(count < highest)) highest = count
    buckets.push({ upperBound, count: highest })
  }
  return { buckets, fix }
}

function differsByRounding(a: number, b: number): boolean {
  const size = Math.abs(a) + Math.abs(b)
  const difference = Math.abs(a - b)
  if (a === 0 || b === 0 || size < LEAST_NORMAL) return difference < ROUNDING * LEAST_NORMAL
  return difference / Math.min(size, Number.MAX_VALUE) < ROUNDING
}

function valueOfRank(rank: number, buckets: readonly ClassicBucket[]): number {
  const found = buckets.findIndex(({ count }) => count >= rank)
  const at = found === -1 ? buckets.length - 1 : found
  if (at === buckets.length - 1) return buckets[at - 1]!.upperBound
  const { upperBound, count } = buckets[at]!
  if (at === 0 && upperBound <= 0) return upperBound
  const before = buckets[at - 1] ?? { upperBound: 0, count: 0 }
  return before.upperBound + (upperBound - before.upperBound) * ((rank - before.count) / (count - before.count))
}

/** Estimated number of observations below `value`. */
function rankOf(value: number, buckets: readonly ClassicBucket[]): number {
  const total = buckets.at(-1)!.count
  let rank = 0
  let lower = buckets[0]!.upperBound <= 0 ? Number.NEGATIVE_INFINITY : 0
  for (const { upperBound, count } of buckets) {
    if (lower >= value) return Math.min(rank, total)
    if (upperBound > value) {
      // Nothing can be said inside of a bucket without bounds: all of the first one counts, nothing of the last one.
      const inside =
        lower === Number.NEGATIVE_INFINITY ? count : rank + ((count - rank) * (value - lower)) / (upperBound - lower)
      return Math.min(inside, total)
    }
    rank = count
    lower = upperBound
  }
  return total
}
