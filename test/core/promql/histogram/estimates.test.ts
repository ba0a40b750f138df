import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { histogramFraction } from '../../../../core/promql/histogram/fraction.ts'
import { histogramQuantile } from '../../../../core/promql/histogram/quantile.ts'
import {
  histogramAverage,
  histogramStandardDeviation,
  histogramVariance
} from '../../../../core/promql/histogram/statistics.ts'
import { trimBuckets } from '../../../../core/promql/histogram/trim.ts'
import { observed, observedIn } from './observed.ts'

const VALUES = fc.array(
  fc.double({ min: -1000, max: 1000, noNaN: true }).filter(value => Math.abs(value) > 1e-3),
  {
    minLength: 1,
    maxLength: 30
  }
)

describe('quantiles', () => {
  it('are as near to the observation of that rank as the buckets are wide', () => {
    const property = fc.property(VALUES, fc.integer({ min: 1, max: 99 }), (values, percent) => {
      const sorted = values.toSorted((a, b) => a - b)
      const rank = (percent / 100) * sorted.length
      const exact = sorted[Math.ceil(rank) - 1]!
      const { value } = histogramQuantile(percent / 100, observed(values, 3))
      // At a whole rank both neighbours will do.
      const next = sorted[Math.min(Math.ceil(rank), sorted.length - 1)]!
      const width = 2 ** (1 / 8) + 1e-9
      const low = exact > 0 ? exact / width : exact * width
      const high = next > 0 ? next * width : next / width
      assert.ok(value >= low && value <= high, `${value} is not from ${low} to ${high}`)
    })
    fc.assert(property, { numRuns: 300 })
  })

  const uniform = observedIn([0.5, 1.5, 2.5, 3.5], [1, 2, 3])
  const cases: readonly (readonly [name: string, q: number, histogram: ReturnType<typeof observed>, value: number])[] =
    [
      ['below 0', -0.1, uniform, -Infinity],
      ['above 1', 1.1, uniform, Infinity],
      ['of NaN', NaN, uniform, NaN],
      ['without observations', 0.5, observed([], 0), NaN],
      ['on the logarithmic middle of a bucket', 0.5, observed([3, 3], 0), 2 ** 1.5],
      ['on the negative side', 0.25, observed([-3, -3], 0), -(2 ** 1.75)],
      ['of positive values in the zero bucket', 0.25, observed([0, 0, 5, 5], 0, 1), 0.5],
      ['of negative values in the zero bucket', 0.75, observed([0, 0, -5, -5], 0, 1), -0.5],
      ['of both in the zero bucket', 0.5, observed([0, 0, 5, -5], 0, 1), 0],
      ['in the middle of custom buckets', 0.5, uniform, 2],
      ['in the first custom bucket', 0.125, uniform, 0.5],
      ['in the first custom bucket, which ends below 0', 0.1, observedIn([-5, -5, 1], [-2, 2]), -2],
      ['in the last custom bucket', 0.99, uniform, 3],
      ['the least', 0, uniform, 0]
    ]
  for (const [name, q, histogram, want] of cases)
    it(name, () => {
      const { value } = histogramQuantile(q, histogram)
      assert.ok(Object.is(value, want) || Math.abs(value - want) < 1e-12, String(value))
    })

  it('observations of NaN are above all others', () => {
    const histogram = { ...observed([1, 3], 0), count: 4, sum: NaN }
    assert.deepEqual(histogramQuantile(0.25, histogram), { value: 1, nan: 'skew' })
    assert.deepEqual(histogramQuantile(0.9, histogram), { value: NaN, nan: 'result' })
    assert.deepEqual(histogramQuantile(0.5, { ...observed([1, 1, 3], 0), sum: NaN }).nan, 'none')
  })
})

describe('fractions', () => {
  it('are the inverse of quantiles', () => {
    const property = fc.property(VALUES, fc.integer({ min: 1, max: 99 }), (values, percent) => {
      const histogram = observed(values, 2)
      const { value } = histogramQuantile(percent / 100, histogram)
      const below = histogramFraction(-Infinity, value, histogram).value
      const above = histogramFraction(value, Infinity, histogram).value
      assert.ok(Math.abs(below + above - 1) < 1e-9)
      assert.ok(Math.abs(below - percent / 100) < 1e-6, `${below} of ${percent} %`)
    })
    fc.assert(property, { numRuns: 300 })
  })

  const custom = observedIn([0.5, 1.5, 2.5, 3.5], [1, 2, 3])
  const cases: readonly (readonly [lower: number, upper: number, value: number])[] = [
    [1, 3, 0.5],
    [0, 1, 0.25],
    [1.5, 2, 0.125],
    [-Infinity, Infinity, 1],
    [3, 100, 0],
    [3, Infinity, 0.25],
    [2, 2, 0],
    [3, 1, 0],
    [NaN, 1, NaN]
  ]
  for (const [lower, upper, want] of cases)
    it(`from ${lower} to ${upper}`, () => assert.equal(histogramFraction(lower, upper, custom).value, want))
  it('without observations', () => assert.deepEqual(histogramFraction(0, 1, observed([], 0)).value, NaN))
  it('observations of NaN count as outside', () => {
    const histogram = { ...observed([1, 3], 0), count: 4, sum: NaN }
    assert.deepEqual(histogramFraction(-Infinity, Infinity, histogram), { value: 0.5, ignoredNaN: true })
  })
})

describe('statistics', () => {
  it('the mean is exact', () => assert.equal(histogramAverage(observed([1, 2, 6], 0)), 3))
  it('the deviation is as near as the buckets are wide', () => {
    const values = Array.from({ length: 1000 }, (_, i) => (i * 7919) % 1000)
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const exact = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    const estimated = histogramStandardDeviation(observed(values, 5))
    assert.ok(Math.abs(estimated / exact - 1) < 0.01, `${estimated}, not ${exact}`)
  })
  it('values are in the middle of their buckets', () => {
    const { sum, ...histogram } = observedIn([1, 1, 3], [0, 2, 4])
    // Buckets from 0 to 2 and from 2 to 4, around the given mean.
    assert.equal(histogramVariance({ ...histogram, sum: 5 }), (2 * (1 - 5 / 3) ** 2 + (3 - 5 / 3) ** 2) / 3)
  })
})

describe('trimming', () => {
  it('at a bound is removal of the observations beyond', () => {
    const values = [-7, -3, 0, 1.5, 3, 9]
    for (const bound of [-4, -2, 1, 2, 4]) {
      const histogram = observed(values, 0, 0.5)
      const below = trimBuckets(histogram, bound, 'below')
      const above = trimBuckets(histogram, bound, 'above')
      assert.equal(below.count, values.filter(value => value <= bound).length, `below ${bound}`)
      assert.equal(above.count, values.filter(value => value > bound).length, `above ${bound}`)
    }
  })
  it('beyond all of them changes nothing', () => {
    const histogram = observed([1, 2, 3], 0)
    assert.equal(trimBuckets(histogram, 100, 'below'), histogram)
    assert.equal(trimBuckets(histogram, -100, 'above'), histogram)
  })
  it('cuts a bucket in the middle of its scale', () => {
    const exponential = trimBuckets(observed([3, 3], 0), 2 ** 1.5, 'below')
    assert.deepEqual([exponential.count, exponential.sum], [1, 2 ** 1.25])
    const linear = trimBuckets(observedIn([3, 3], [2, 4]), 3, 'above')
    assert.deepEqual([linear.count, linear.sum], [1, 3.5])
  })
  it('all of the last bucket is above any limit inside of it', () => {
    const { count, sum } = trimBuckets(observedIn([1, 5, 9], [2]), 100, 'above')
    assert.deepEqual([count, sum], [2, 200])
    assert.equal(trimBuckets(observedIn([5, 9], [2]), 100, 'below').count, 0)
  })
  it('the zero bucket is one of positive values if the others are', () => {
    assert.equal(trimBuckets(observed([0, 0, 5], 0, 1), 0.5, 'below').zeroCount, 1)
    assert.equal(trimBuckets(observed([0, 0, -5], 0, 1), -0.5, 'below').zeroCount, 1)
    assert.equal(trimBuckets(observed([0, 0], 0, 1), 0, 'below').zeroCount, 1)
  })
})
