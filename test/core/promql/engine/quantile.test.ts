import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { quantileOf } from '../../../../core/promql/engine/quantile.ts'

test('quantiles lie between their neighbors, for few and for many values', () => {
  const value = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
    fc.integer({ min: 0, max: 3 })
  )
  fc.assert(
    fc.property(
      fc.array(value, { minLength: 1, maxLength: 150 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const sorted = values.toSorted((a, b) => a - b)
        const rank = q * (values.length - 1)
        const lower = sorted[Math.floor(rank)]!
        const upper = sorted[Math.ceil(rank)]!
        const got = quantileOf(q, Float64Array.from(values))
        const slack = 1e-9 * Math.max(1, Math.abs(lower), Math.abs(upper))
        assert.ok(got >= lower - slack && got <= upper + slack, `${got} is not between ${lower} and ${upper}`)
      }
    )
  )
})

test('NaN is the smallest value', () => {
  const cases: [q: number, values: number[], want: number][] = [
    [0, [1, NaN, 2], NaN],
    [0.5, [2, NaN, 1], 1],
    [1, [NaN, 1, 2], 2],
    [0.2, [NaN, 1, 2], NaN],
    [0.5, [NaN, NaN], NaN],
    // A neighbor without weight.
    [0, [1, Infinity], 1],
    [0.5, [-Infinity, 1, Infinity], 1],
    [1, [Infinity], Infinity],
    [0.5, [], NaN],
    [NaN, [1], NaN],
    [-0.1, [1], -Infinity],
    [1.1, [1], Infinity]
  ]
  for (const [q, values, want] of cases) {
    assert.equal(quantileOf(q, Float64Array.from(values)), want)
    const many = values.flatMap(value => Array.from({ length: 101 }, () => value))
    if (q === 0 || q === 1) assert.equal(quantileOf(q, Float64Array.from(many)), want)
  }
})
