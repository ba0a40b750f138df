import type { Distribution, ExponentialHistogram, Histogram } from '../../sdk/plugin/index.ts'

/** So many observations of one value. */
export interface Observations {
  readonly value: number
  readonly count: number
}

/** Why a distribution cannot be sent as observations. */
export type Unsayable = 'summary' | 'unknown_sum' | 'not_a_number'

/**
 * The observations that stand for a distribution. Their number is exact. Observations of a bucket have the value at its
 * middle, within the smallest and the largest value observed. Without buckets they all have the mean.
 */
export function observationsOf(distribution: Distribution): Observations[] | Unsayable {
  if (distribution.kind === 'exponential_histogram') return ofExponential(distribution)
  if (distribution.kind === 'histogram') return ofHistogram(distribution)
  return 'summary'
}

function ofHistogram({ count, sum, min, max, bounds, counts }: Histogram): Observations[] | Unsayable {
  if (count === 0) return []
  if (min === max) return checked([{ value: min, count }])
  if (counts.length === 0) return Number.isNaN(sum) ? 'unknown_sum' : checked([{ value: sum / count, count }])
  return checked(
    counts.map((count, i) => {
      const lower = i === 0 ? outermost(min, Math.min(0, bounds[0])) : bounds[i - 1]
      const upper = i === bounds.length ? outermost(max, lower) : bounds[i]
      return { value: within(lower + (upper - lower) / 2, min, max), count }
    })
  )
}

function ofExponential(histogram: ExponentialHistogram): Observations[] | Unsayable {
  const { scale, zeroCount, positive, negative, min, max } = histogram
  const middle = (index: number) => 2 ** ((index + 0.5) * 2 ** -scale)
  const observations: Observations[] = [{ value: 0, count: zeroCount }]
  for (const [i, count] of positive.counts.entries())
    observations.push({ value: within(middle(positive.offset + i), min, max), count })
  for (const [i, count] of negative.counts.entries())
    observations.push({ value: within(-middle(negative.offset + i), min, max), count })
  return checked(observations)
}

function checked(observations: Observations[]): Observations[] | Unsayable {
  const seen = observations.filter(({ count }) => count > 0)
  return seen.every(({ value }) => Number.isFinite(value)) ? seen : 'not_a_number'
}

/** The edge of an open bucket, if it is known. */
const outermost = (edge: number, otherwise: number) => (Number.isFinite(edge) ? edge : otherwise)

/** @param min NaN if unknown @param max NaN if unknown */
function within(value: number, min: number, max: number): number {
  const raised = Number.isNaN(min) ? value : Math.max(value, min)
  return Number.isNaN(max) ? raised : Math.min(raised, max)
}
