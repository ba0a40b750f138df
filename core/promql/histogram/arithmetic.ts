import { hasCustomBounds, sameBounds } from './bounds.ts'
import { trimmed } from './buckets.ts'
import { combinedReset } from './counter-reset.ts'
import { type Buckets, type FloatHistogram, NO_BUCKETS } from './float-histogram.ts'
import { commonLayout, inLayout } from './layout.ts'

/** The result of an operation on two histograms. */
export interface Combined {
  readonly histogram: FloatHistogram
  /** One was marked as a counter reset, the other as none. */
  readonly resetConflict: boolean
  /** The custom bounds differed; the result has those that both have. */
  readonly boundsReconciled: boolean
}

/** The sum, in the finest layout that fits both. Undefined if only one of them has custom bounds. */
export function add(a: FloatHistogram, b: FloatHistogram): Combined | undefined {
  return combine(a, b, 1)
}

/** The difference. Its mark is that of a sum: the operator `-` makes a gauge of it. */
export function subtract(a: FloatHistogram, b: FloatHistogram): Combined | undefined {
  return combine(a, b, -1)
}

/** All counts and the sum times `factor`. A negative factor makes a gauge. */
export function multiply(histogram: FloatHistogram, factor: number): FloatHistogram {
  return mapCounts(histogram, factor < 0, count => count * factor)
}

/** All counts and the sum divided by `divisor`. Divided by 0, a histogram loses its buckets. */
export function divide(histogram: FloatHistogram, divisor: number): FloatHistogram {
  const divided = mapCounts(histogram, divisor < 0, count => count / divisor)
  return divisor === 0 ? { ...divided, positive: NO_BUCKETS, negative: NO_BUCKETS } : divided
}

/** Same layout, counts and sum, bit by bit but for empty buckets. Marks of counter resets are not compared. */
export function equal(a: FloatHistogram, b: FloatHistogram): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    Object.is(a.zeroCount, b.zeroCount) &&
    sameBounds(a.customBounds, b.customBounds) &&
    equalBuckets(a.positive, b.positive) &&
    equalBuckets(a.negative, b.negative)
  )
}

/** Whether a count or the sum is infinite. */
export function hasOverflow({ count, sum, zeroCount, positive, negative }: FloatHistogram): boolean {
  return (
    [count, sum, zeroCount].some(isInfinite) || positive.counts.some(isInfinite) || negative.counts.some(isInfinite)
  )
}

function combine(a: FloatHistogram, b: FloatHistogram, sign: 1 | -1): Combined | undefined {
  const layout = commonLayout(a, b)
  if (layout === undefined) return undefined
  const left = inLayout(a, layout)
  const right = inLayout(b, layout)
  const { reset, conflict } = combinedReset(a.counterReset, b.counterReset)
  return {
    histogram: {
      ...layout,
      counterReset: reset,
      count: left.count + sign * right.count,
      sum: left.sum + sign * right.sum,
      zeroCount: left.zeroCount + sign * right.zeroCount,
      positive: combineBuckets(left.positive, right.positive, sign),
      negative: combineBuckets(left.negative, right.negative, sign)
    },
    resetConflict: conflict,
    boundsReconciled: hasCustomBounds(a) && !sameBounds(a.customBounds, b.customBounds)
  }
}

function combineBuckets(a: Buckets, b: Buckets, sign: 1 | -1): Buckets {
  if (b.counts.length === 0) return trimmed(a)
  if (a.counts.length === 0) return trimmed({ offset: b.offset, counts: b.counts.map(count => sign * count) })
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  const counts = new Float64Array(end - offset)
  counts.set(a.counts, a.offset - offset)
  for (let i = 0; i < b.counts.length; i++) counts[b.offset - offset + i]! += sign * b.counts[i]!
  return trimmed({ offset, counts })
}

function mapCounts(histogram: FloatHistogram, gauge: boolean, map: (count: number) => number): FloatHistogram {
  const { counterReset, count, sum, zeroCount, positive, negative } = histogram
  return {
    ...histogram,
    counterReset: gauge ? 'gauge' : counterReset,
    count: map(count),
    sum: map(sum),
    zeroCount: map(zeroCount),
    positive: { ...positive, counts: positive.counts.map(map) },
    negative: { ...negative, counts: negative.counts.map(map) }
  }
}

function equalBuckets(a: Buckets, b: Buckets): boolean {
  const left = trimmed(a)
  const right = trimmed(b)
  return (
    left.offset === right.offset &&
    left.counts.length === right.counts.length &&
    left.counts.every((count, i) => Object.is(count, right.counts[i]))
  )
}

function isInfinite(value: number): boolean {
  return Math.abs(value) === Number.POSITIVE_INFINITY
}
