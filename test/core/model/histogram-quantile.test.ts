import assert from 'node:assert/strict'
import { test } from 'node:test'
import { histogramQuantile } from '../../../core/model/histogram-quantile.ts'

const [INFINITY, UNKNOWN] = [Number.POSITIVE_INFINITY, Number.NaN]

const explicit = (bounds: readonly number[], counts: readonly number[], min = UNKNOWN, max = UNKNOWN) => ({
  kind: 'histogram' as const,
  count: counts.reduce((a, b) => a + b),
  sum: UNKNOWN,
  min,
  max,
  bounds,
  counts
})

/** Ten values in the bucket of scale 0 at `offset`, or of their negatives. */
const exponential = (scale: number, offset: number, sign: 1 | -1 = 1) => {
  const [full, none] = [
    { offset, counts: [10] },
    { offset: 0, counts: [] }
  ]
  const [positive, negative] = sign === 1 ? [full, none] : [none, full]
  const totals = { count: 10, sum: UNKNOWN, min: UNKNOWN, max: UNKNOWN }
  return {
    kind: 'exponential_histogram' as const,
    ...totals,
    scale,
    zeroCount: 0,
    zeroThreshold: 0,
    positive,
    negative
  }
}

for (const [name, point, quantile, want] of [
  ['in a bucket that ends at infinity: the greatest finite bound', explicit([1, 2, INFINITY], [5, 2, 3, 0]), 0.9, 2],
  ['in it, where the greatest value is known: up to that', explicit([1, 2, INFINITY], [5, 2, 3, 0], 0, 8), 1, 8],
  ['below it: as without it', explicit([1, 2, INFINITY], [5, 2, 3, 0]), 0.5, 1],
  ['above the greatest bound', explicit([1, 2], [5, 2, 3]), 0.9, 2],
  ['above minus infinity: as in a first bucket', explicit([-INFINITY, 4], [0, 10, 0]), 0.5, 2],
  ['above minus infinity alone: nothing is known', explicit([-INFINITY], [0, 10]), 0.5, 0]
] as const) {
  test(`a quantile ${name}`, () => assert.equal(histogramQuantile(point, quantile), want))
}

for (const [scale, offset, least, most] of [
  [0, 1023, 2 ** 1023, Number.MAX_VALUE],
  [3, 8191, 2 ** (8191 / 8), Number.MAX_VALUE],
  [20, 1024 * 2 ** 20 - 1, 2 ** 1023.999, Number.MAX_VALUE],
  [-10, 0, 1, Number.MAX_VALUE]
] as const) {
  test(`a quantile in the exponential bucket that ends at 2^1024 is a number, scale ${scale}`, () => {
    const value = histogramQuantile(exponential(scale, offset), 0.9)
    assert.ok(value >= least && value <= most, `${value}`)
    assert.equal(histogramQuantile(exponential(scale, offset, -1), 0.9), -value)
  })
}
