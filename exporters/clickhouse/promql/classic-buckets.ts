import type { ExponentialHistogram, Histogram, Summary } from '../../../core/model/distribution.ts'
import { finiteBuckets } from '../../../core/model/finite-buckets.ts'
import { boundText } from '../../../core/wire/prometheus/bounds.ts'
import { bucketRanges, type Range } from '../../../core/wire/prometheus/exponential.ts'

/** Values by the text of a label, one for each of some points; NaN where a point has none. */
export type LabelledValues = ReadonlyMap<string, Float64Array>

const INFINITY = boundText(Number.POSITIVE_INFINITY)

/** Cumulative counts by `le`. */
export function explicitBuckets(points: readonly Histogram[]): LabelledValues {
  const values = new ValuesByLabel(points.length)
  for (const [i, point] of points.entries()) {
    const { bounds, counts } = finiteBuckets(point)
    let below = 0
    for (let b = 0; b < bounds.length; b++) {
      below += counts[b]
      values.set(boundText(bounds[b]), i, below)
    }
    values.set(INFINITY, i, point.count)
  }
  return values.byLabel
}

/**
 * Cumulative counts by `le`. All points have all bounds of any of them, so that buckets do not come and go: the count up
 * to a bound between buckets is known. Only of a bound inside a coarser bucket it is not.
 */
export function exponentialBuckets(points: readonly ExponentialHistogram[]): LabelledValues {
  const values = new ValuesByLabel(points.length)
  const ranges = points.map(bucketRanges)
  const edges = new Set(ranges.flatMap(ofPoint => ofPoint.flatMap(({ lower, upper }) => [lower, upper])))
  const bounds = [...edges].filter(Number.isFinite).sort((a, b) => a - b)
  for (const [i, point] of points.entries()) {
    addUpTo(bounds, ranges[i], (bound, count) => values.set(boundText(bound), i, count))
    values.set(INFINITY, i, point.count)
  }
  return values.byLabel
}

/** Values by `quantile`. */
export function quantileValues(points: readonly Summary[]): LabelledValues {
  const values = new ValuesByLabel(points.length)
  for (const [i, { quantiles }] of points.entries())
    for (const { quantile, value } of quantiles) values.set(String(quantile), i, value)
  return values.byLabel
}

class ValuesByLabel {
  readonly byLabel = new Map<string, Float64Array>()
  readonly #length: number

  constructor(length: number) {
    this.#length = length
  }

  set(label: string, i: number, value: number): void {
    let values = this.byLabel.get(label)
    if (values === undefined) {
      values = new Float64Array(this.#length).fill(Number.NaN)
      this.byLabel.set(label, values)
    }
    values[i] = value
  }
}

/** @param bounds rising @param ranges rising, without overlaps */
function addUpTo(
  bounds: readonly number[],
  ranges: readonly Range[],
  set: (bound: number, count: number) => void
): void {
  let below = 0
  let next = 0
  for (const bound of bounds) {
    for (; next < ranges.length && ranges[next].upper <= bound; next++) below += ranges[next].count
    if (next === ranges.length || ranges[next].lower >= bound) set(bound, below)
  }
}
