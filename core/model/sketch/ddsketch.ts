// An exponential histogram of scale s is a DDSketch (https://arxiv.org/abs/1908.10693) with gamma = 2^(2^-s): quantiles
// of it have a relative error, and histograms of several scales merge at the coarsest.
import type { ExponentialBuckets, ExponentialHistogram } from '../distribution.ts'
import { lowerBound } from './exponential-counts.ts'

/** The ratio of a bucket's bounds. */
export const gammaOf = (scale: number): number => 2 ** (2 ** -scale)

/** The most that a quantile may be off at `scale`, as a share of its value: 0.011 at 5. */
export function relativeErrorOf(scale: number): number {
  const gamma = gammaOf(scale)
  return (gamma - 1) / (gamma + 1)
}

/** The coarsest scale whose quantiles are off by `relativeError` at most. @param relativeError above 0, below 1 */
export function scaleOf(relativeError: number): number {
  const gamma = (1 + relativeError) / (1 - relativeError)
  return 0 - Math.floor(Math.log2(Math.log2(gamma)))
}

/**
 * The value of rank `quantile · (n - 1)` among the n observations, off by {@link relativeErrorOf} the histogram's scale
 * at most; NaN if there are none. @param quantile from 0 to 1
 */
export function quantileOf(histogram: ExponentialHistogram, quantile: number): number {
  const { scale, zeroCount, positive, negative, min, max } = histogram
  const below = total(negative)
  const n = below + zeroCount + total(positive)
  if (n === 0) return Number.NaN
  // Sampled counts are fractions, and may be less than one all together.
  const rank = quantile * Math.max(0, n - 1)
  if (rank < below) return clamp(-middleOf(indexFromTop(negative, rank), scale), min, max)
  if (rank < below + zeroCount) return 0
  return clamp(middleOf(indexFromBottom(positive, rank - below - zeroCount), scale), min, max)
}

/** The value that stands for bucket `index`: equally far from both of its bounds, as shares of the value. */
function middleOf(index: number, scale: number): number {
  const gamma = gammaOf(scale)
  const twice = 2 * 2 ** ((index + 1) * 2 ** -scale)
  // The upper bound of the greatest buckets is beyond all numbers; then the same follows from the lower bound.
  return Number.isFinite(twice) ? twice / (1 + gamma) : lowerBound(index, scale) * (2 / (1 + 1 / gamma))
}

function indexFromBottom({ offset, counts }: ExponentialBuckets, rank: number): number {
  let seen = 0
  for (let i = 0; i < counts.length; i++) {
    seen += counts[i]
    if (seen > rank) return offset + i
  }
  return offset + counts.length - 1
}

function indexFromTop({ offset, counts }: ExponentialBuckets, rank: number): number {
  let seen = 0
  for (let i = counts.length - 1; i >= 0; i--) {
    seen += counts[i]
    if (seen > rank) return offset + i
  }
  return offset
}

function total({ counts }: ExponentialBuckets): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += counts[i]
  return sum
}

// No value lies beyond a known least or greatest; NaN bounds nothing.
function clamp(value: number, min: number, max: number): number {
  if (value < min) return min
  if (value > max) return max
  return value
}
