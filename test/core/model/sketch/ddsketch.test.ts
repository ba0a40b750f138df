import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ExponentialHistogram } from '../../../../core/model/distribution.ts'
import { quantileOf, relativeErrorOf, scaleOf } from '../../../../core/model/sketch/ddsketch.ts'
import { ExponentialCounts } from '../../../../core/model/sketch/exponential-counts.ts'

function histogramOf(values: readonly number[]): ExponentialHistogram {
  const counts = new ExponentialCounts()
  for (const value of values) counts.addValue(value, 1)
  const [min, max] = [Math.min(...values), Math.max(...values)]
  const sum = values.reduce((a, b) => a + b, 0)
  return { kind: 'exponential_histogram', count: values.length, sum, min, max, ...counts.shape() }
}

for (const [relativeError, want] of [
  [0.35, 0],
  [0.05, 3],
  [0.02, 5],
  [0.011, 5],
  [0.01, 6],
  [0.001, 9]
] as const) {
  test(`an error of ${relativeError} takes scale ${want}`, () => {
    assert.equal(scaleOf(relativeError), want)
    assert.ok(relativeErrorOf(want) <= relativeError)
    assert.ok(relativeErrorOf(want - 1) > relativeError)
  })
}

test('a quantile is off by the error of its scale at most, whatever the values', () => {
  const value = fc.oneof(
    fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    fc.double({ min: -1e3, max: -1e-3, noNaN: true }),
    fc.constant(0)
  )
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const histogram = histogramOf(values)
        const sorted = values.toSorted((a, b) => a - b)
        const truth = sorted[Math.floor(q * (values.length - 1))]
        const slack = 1e-9
        assert.ok(
          Math.abs(quantileOf(histogram, q) - truth) <= Math.abs(truth) * (relativeErrorOf(histogram.scale) + slack),
          `${quantileOf(histogram, q)} for ${truth} at scale ${histogram.scale}`
        )
      }
    )
  )
})

test('of nothing there is no quantile, and least and greatest bound it', () => {
  assert.ok(Number.isNaN(quantileOf({ ...histogramOf([1]), positive: { offset: 0, counts: [] } }, 0.5)))
  assert.equal(quantileOf(histogramOf([3]), 0.5), 3)
  assert.ok(quantileOf({ ...histogramOf([3]), min: Number.NaN, max: Number.NaN }, 0.5) !== 3)
})

for (const quantile of [0, 0.5, 1]) {
  test(`the ${quantile} quantile of half an observation, as sampling leaves it, is near it`, () => {
    const half = { ...histogramOf([8]), positive: { ...histogramOf([8]).positive, counts: [0.5] } }
    const error = relativeErrorOf(half.scale)
    assert.ok(Math.abs(quantileOf({ ...half, min: Number.NaN, max: Number.NaN }, quantile) / 8 - 1) <= error + 1e-9)
  })
}
