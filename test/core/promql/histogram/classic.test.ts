import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type ClassicBucket, classicFraction, classicQuantile } from '../../../../core/promql/histogram/classic.ts'
import { histogramFraction } from '../../../../core/promql/histogram/fraction.ts'
import { histogramQuantile } from '../../../../core/promql/histogram/quantile.ts'
import { observedIn } from './observed.ts'

function classic(values: readonly number[], bounds: readonly number[]): ClassicBucket[] {
  return [...bounds, Infinity].map(upperBound => ({
    upperBound,
    count: values.filter(value => value <= upperBound).length
  }))
}

it('what a native histogram of the same bounds says', () => {
  const values = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 })
  const bounds = fc.uniqueArray(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 })
  const property = fc.property(
    values,
    bounds,
    fc.integer({ min: 1, max: 99 }),
    fc.nat(120),
    (values, unsorted, percent, limit) => {
      // At a whole rank any value up to the next observation will do.
      fc.pre((percent * values.length) % 100 !== 0)
      const buckets = classic(values, unsorted)
      const native = observedIn(
        values,
        unsorted.toSorted((a, b) => a - b)
      )
      const { value, fix } = classicQuantile(percent / 100, buckets)
      assert.ok(Math.abs(value - histogramQuantile(percent / 100, native).value) < 1e-9)
      assert.equal(fix, undefined)
      const fraction = classicFraction(0, limit, buckets)
      assert.ok(Math.abs(fraction - histogramFraction(0, limit, native).value) < 1e-9)
    }
  )
  fc.assert(property, { numRuns: 300 })
})

describe('quantiles', () => {
  const buckets = classic([1, 2, 3, 50], [2, 4, 8])
  const cases: readonly (readonly [name: string, q: number, buckets: ClassicBucket[], value: number])[] = [
    ['below 0', -1, buckets, -Infinity],
    ['above 1', 2, buckets, Infinity],
    ['of NaN', NaN, buckets, NaN],
    ['without a bucket', 0.5, [], NaN],
    ['without a bucket to infinity', 0.5, buckets.slice(0, -1), NaN],
    ['of the bucket to infinity only', 0.5, buckets.slice(-1), NaN],
    ['without observations', 0.5, classic([], [1]), NaN],
    ['in the last bucket', 1, buckets, 8],
    ['in a first bucket that ends below 0', 0.1, classic([-5, -5, 1], [-1, 2]), -1],
    ['of two buckets with one bound', 0.5, [{ upperBound: 2, count: 1 }, ...classic([1, 1], [2])], 1]
  ]
  for (const [name, q, given, want] of cases) it(name, () => assert.deepEqual(classicQuantile(q, given).value, want))
})

describe('counts that fall', () => {
  it('are made rising, with a remark', () => {
    const counts = [20, 10, 50, 40, 90, 80]
    const buckets = [0.1, 1, 10, 100, 1000, Infinity].map((upperBound, i) => ({ upperBound, count: counts[i]! }))
    assert.deepEqual(classicQuantile(0.5, buckets), {
      value: 8.5,
      fix: { fromBound: 1, toBound: Infinity, mostDifference: 10 }
    })
  })
  it('by rounding are made rising without one', () => {
    const buckets = [
      { upperBound: 1, count: 1e15 + 0.25 },
      { upperBound: 2, count: 1e15 },
      { upperBound: Infinity, count: 2e15 }
    ]
    assert.equal(classicQuantile(0.5, buckets).fix, undefined)
  })
})

it('nothing is said of parts of the unbounded buckets', () => {
  const buckets = classic([-9, 1, 50], [-2, 2])
  assert.equal(classicFraction(-5, 2, buckets), 1 / 3)
  assert.equal(classicFraction(-Infinity, 2, buckets), 2 / 3)
  assert.equal(classicFraction(10, 20, buckets), 0)
  assert.equal(classicFraction(10, Infinity, buckets), 1 / 3)
})
