import { additiveSum } from '../../core/model/distribution.ts'
import { savedBytes } from '../../core/model/sketch/distinct-counter.ts'
import { unionOf } from '../../core/model/sketch/distinct-sketch.ts'
import type {
  Distribution,
  ExponentialBuckets,
  ExponentialHistogram,
  Histogram,
  Series
} from '../../sdk/plugin/index.ts'

type Totals = Pick<Histogram, 'count' | 'sum' | 'min' | 'max'>

/** Exponential histograms are made coarser until they have at most so many buckets a side. */
const MOST_BUCKETS = 320

/** True if points can be added up without loss: sums, histograms, sets. Gauges and summaries cannot. */
export function isAdditive({ metric: { kind, temporality } }: Series): boolean {
  if (kind === 'gauge' || kind === 'summary') return false
  return kind === 'set' || temporality !== 'unspecified'
}

/** The sum of both, which must be of one kind. Histograms keep the bounds they have in common. */
export function addDistributions(a: Distribution, b: Distribution): Distribution {
  if (a.kind === 'histogram' && b.kind === 'histogram') return combineHistograms(a, b, 1)
  if (a.kind === 'exponential_histogram' && b.kind === 'exponential_histogram') return combineExponential(a, b, 1)
  if ((a.kind === 'set' || a.kind === 'distinct') && (b.kind === 'set' || b.kind === 'distinct')) return unionOf(a, b)
  throw new Error(`cannot add a ${b.kind} to a ${a.kind}`)
}

/** The observations of `a` since it was `b`. Their least and greatest are unknown. */
export function subtractDistributions(a: Distribution, b: Distribution): Distribution {
  if (a.kind === 'histogram' && b.kind === 'histogram') return combineHistograms(a, b, -1)
  if (a.kind === 'exponential_histogram' && b.kind === 'exponential_histogram') return combineExponential(a, b, -1)
  throw new Error(`cannot subtract a ${b.kind} from a ${a.kind}`)
}

/** One of the same kind and bounds that has counted nothing. */
export function zeroOf(distribution: Distribution): Distribution {
  return subtractDistributions(distribution, distribution)
}

/** Observations; of a set its members. */
export function countOf(distribution: Distribution): number {
  return distribution.kind === 'set' ? distribution.members.length : distribution.count
}

/** The number of numbers in it, as a measure of its memory. */
export function sizeOf(distribution: Distribution): number {
  if (distribution.kind === 'histogram') return distribution.counts.length + distribution.bounds.length
  if (distribution.kind === 'exponential_histogram')
    return distribution.positive.counts.length + distribution.negative.counts.length
  if (distribution.kind === 'distinct') return savedBytes(distribution.state) / 8
  return distribution.kind === 'set' ? 4 * distribution.members.length : distribution.quantiles.length
}

/** A value unknown in one is unknown in the sum, unless that one has observed nothing. */
function combineTotals(a: Totals, b: Totals, sign: 1 | -1): Totals {
  const count = a.count + sign * b.count
  const sum = additiveSum(a) + sign * additiveSum(b)
  if (sign === -1) return { count, sum, min: Number.NaN, max: Number.NaN }
  if (a.count === 0 || b.count === 0) {
    const { min, max } = a.count === 0 ? b : a
    return { count, sum, min, max }
  }
  return { count, sum, min: Math.min(a.min, b.min), max: Math.max(a.max, b.max) }
}

function combineHistograms(a: Histogram, b: Histogram, sign: 1 | -1): Histogram {
  const isSame = a.bounds.length === b.bounds.length && a.bounds.every((bound, i) => bound === b.bounds[i])
  const bounds = isSame ? a.bounds : a.bounds.filter(bound => b.bounds.includes(bound))
  const hasBuckets = a.counts.length > 0 && b.counts.length > 0
  const own = hasBuckets ? rebucket(a, bounds) : []
  const other = hasBuckets ? rebucket(b, bounds) : []
  return {
    kind: 'histogram',
    ...combineTotals(a, b, sign),
    bounds: hasBuckets ? bounds : [],
    counts: own.map((count, i) => count + sign * other[i])
  }
}

/** Counts by `bounds`, some of the histogram's own. */
function rebucket(histogram: Histogram, bounds: readonly number[]): readonly number[] {
  if (bounds.length === histogram.bounds.length) return histogram.counts
  const counts = new Array<number>(bounds.length + 1).fill(0)
  let into = 0
  for (const [i, count] of histogram.counts.entries()) {
    counts[into] += count
    if (histogram.bounds[i] === bounds[into]) into++
  }
  return counts
}

function combineExponential(a: ExponentialHistogram, b: ExponentialHistogram, sign: 1 | -1): ExponentialHistogram {
  let scale = Math.min(a.scale, b.scale)
  while (!fits(a.positive, a.scale - scale, b.positive, b.scale - scale)) scale--
  while (!fits(a.negative, a.scale - scale, b.negative, b.scale - scale)) scale--
  const side = (of: 'positive' | 'negative') => combineBuckets(a[of], a.scale - scale, b[of], b.scale - scale, sign)
  return {
    kind: 'exponential_histogram',
    ...combineTotals(a, b, sign),
    scale,
    zeroCount: a.zeroCount + sign * b.zeroCount,
    zeroThreshold: Math.max(a.zeroThreshold, b.zeroThreshold),
    positive: side('positive'),
    negative: side('negative')
  }
}

/** True if both together take few enough buckets, made coarser by so many steps each. */
function fits(a: ExponentialBuckets, coarserA: number, b: ExponentialBuckets, coarserB: number): boolean {
  const [first, last] = range(a, coarserA, b, coarserB)
  return last - first < MOST_BUCKETS
}

function range(a: ExponentialBuckets, coarserA: number, b: ExponentialBuckets, coarserB: number): [number, number] {
  let first = Number.POSITIVE_INFINITY
  let last = Number.NEGATIVE_INFINITY
  for (const [{ offset, counts }, coarser] of [
    [a, coarserA],
    [b, coarserB]
  ] as const) {
    if (counts.length === 0) continue
    first = Math.min(first, Math.floor(offset / 2 ** coarser))
    last = Math.max(last, Math.floor((offset + counts.length - 1) / 2 ** coarser))
  }
  return first <= last ? [first, last] : [0, -1]
}

function combineBuckets(
  a: ExponentialBuckets,
  coarserA: number,
  b: ExponentialBuckets,
  coarserB: number,
  sign: 1 | -1
): ExponentialBuckets {
  const [first, last] = range(a, coarserA, b, coarserB)
  const counts = new Array<number>(last - first + 1).fill(0)
  for (const [i, count] of a.counts.entries()) counts[Math.floor((a.offset + i) / 2 ** coarserA) - first] += count
  for (const [i, count] of b.counts.entries())
    counts[Math.floor((b.offset + i) / 2 ** coarserB) - first] += sign * count
  return { offset: first, counts }
}
