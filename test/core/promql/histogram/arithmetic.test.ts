import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { add, divide, equal, hasOverflow, multiply, subtract } from '../../../../core/promql/histogram/arithmetic.ts'
import type { CounterReset, FloatHistogram } from '../../../../core/promql/histogram/float-histogram.ts'
import { NO_BUCKETS } from '../../../../core/promql/histogram/float-histogram.ts'
import { observed, observedIn } from './observed.ts'

/** Values that sums hold exactly, none of them a bound of a bucket. */
const VALUES = fc.array(
  fc.integer({ min: -500, max: 500 }).map(number => (number === 0 ? 0 : number + 0.375)),
  { maxLength: 12 }
)
const SCHEMA = fc.integer({ min: -2, max: 3 })
const BOUNDS = fc
  .uniqueArray(fc.integer({ min: -100, max: 100 }), { maxLength: 6 })
  .map(bounds => bounds.sort((a, b) => a - b))

function assertEqual(actual: FloatHistogram | undefined, expected: FloatHistogram): void {
  assert.ok(actual !== undefined && equal(actual, expected), JSON.stringify([actual, expected]))
}

describe('sums and differences', () => {
  it('are those of the observations, in the coarser schema', () => {
    const property = fc.property(VALUES, VALUES, SCHEMA, SCHEMA, (a, b, schemaA, schemaB) => {
      const both = observed([...a, ...b], Math.min(schemaA, schemaB))
      const sum = add(observed(a, schemaA), observed(b, schemaB))
      assertEqual(sum?.histogram, both)
      assertEqual(subtract(both, observed(b, schemaB))?.histogram, observed(a, both.schema))
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('have the larger zero bucket', () => {
    const property = fc.property(VALUES, VALUES, SCHEMA, fc.integer({ min: 0, max: 6 }), (a, b, schema, power) => {
      // A bound of all these schemas, so that it cuts no bucket.
      const threshold = 16 ** (power % 3)
      const sum = add(observed(a, schema), observed(b, schema, threshold))
      assertEqual(sum?.histogram, observed([...a, ...b], schema, threshold))
      assertEqual(add(observed(b, schema, threshold), observed(a, schema))?.histogram, sum!.histogram)
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('a zero bucket that would cut a populated bucket takes all of it', () => {
    const a = observed([1.5, 3, 5, -3], 0)
    const b = observed([0.1, 7], 0, 2.5)
    const sum = add(a, b)!.histogram
    assert.equal(sum.zeroThreshold, 4)
    assert.equal(sum.zeroCount, 4)
    assertEqual(sum, { ...observed([1.5, 3, 5, -3, 0.1, 7], 0, 4) })
  })

  it('a zero bucket that ends inside of an empty bucket is left alone', () => {
    const sum = add(observed([1.5, 5], 0), observed([0.1], 0, 2.5))!.histogram
    assert.equal(sum.zeroThreshold, 2.5)
    assert.equal(sum.zeroCount, 2)
  })

  it('of custom bounds are those of the observations, in the bounds that both have', () => {
    const property = fc.property(VALUES, VALUES, BOUNDS, BOUNDS, (a, b, boundsA, boundsB) => {
      const shared = boundsA.filter(bound => boundsB.includes(bound))
      const sum = add(observedIn(a, boundsA), observedIn(b, boundsB))
      assertEqual(sum?.histogram, observedIn([...a, ...b], shared))
      assert.equal(sum?.boundsReconciled, shared.length !== boundsA.length || shared.length !== boundsB.length)
    })
    fc.assert(property, { numRuns: 200 })
  })

  it('are none of custom and exponential buckets', () => {
    assert.equal(add(observed([1], 0), observedIn([1], [2])), undefined)
    assert.equal(subtract(observedIn([1], [2]), observed([1], 0)), undefined)
  })

  it('leave their operands alone', () => {
    const a = observed([1, 2, 300], 2)
    const before = structuredClone(a)
    add(a, observed([5], 0, 1))
    assert.deepEqual(a, before)
  })

  it('a bucket far away costs its distance once', () => {
    const { positive } = add(observed([1e-6], 8), observed([1e6], 8))!.histogram
    assert.equal(positive.counts.length, 10_206)
    assert.equal(positive.counts.filter(count => count > 0).length, 2)
  })

  const marks: readonly (readonly [a: CounterReset, b: CounterReset, sum: CounterReset, conflict: boolean])[] = [
    ['unknown', 'unknown', 'unknown', false],
    ['reset', 'reset', 'reset', false],
    ['gauge', 'reset', 'gauge', false],
    ['not_reset', 'gauge', 'gauge', false],
    ['unknown', 'not_reset', 'unknown', false],
    ['reset', 'unknown', 'unknown', false],
    ['reset', 'not_reset', 'unknown', true],
    ['not_reset', 'reset', 'unknown', true]
  ]
  for (const [a, b, want, conflict] of marks)
    it(`${a} and ${b} are ${want}`, () => {
      const sum = add({ ...observed([1], 0), counterReset: a }, { ...observed([1], 0), counterReset: b })!
      assert.deepEqual([sum.histogram.counterReset, sum.resetConflict], [want, conflict])
    })
})

describe('scaling', () => {
  const histogram = observed([-3, 0, 1, 5, 5], 0)
  it('is repeated addition', () => {
    const twice = add(histogram, histogram)!.histogram
    assertEqual(multiply(histogram, 2), twice)
    assertEqual(divide(twice, 2), histogram)
  })
  it('by a negative number makes a gauge', () => {
    assert.equal(multiply(histogram, -1).counterReset, 'gauge')
    assert.equal(divide(histogram, -1).counterReset, 'gauge')
    assert.equal(multiply(histogram, 0).counterReset, 'unknown')
  })
  it('by zero leaves nothing but infinity', () => {
    const { count, zeroCount, positive, negative } = divide(histogram, 0)
    assert.deepEqual([count, zeroCount, positive, negative], [Infinity, Infinity, NO_BUCKETS, NO_BUCKETS])
  })
})

describe('equality', () => {
  const histogram = observed([1, 2, 300], 1)
  it('ignores empty buckets at the ends, and marks', () => {
    const { offset, counts } = histogram.positive
    const wider = { offset: offset - 2, counts: Float64Array.from([0, 0, ...counts, 0]) }
    assert.ok(equal(histogram, { ...histogram, counterReset: 'gauge', positive: wider }))
  })
  const others: readonly (readonly [string, Partial<FloatHistogram>])[] = [
    ['count', { count: 4 }],
    ['sum', { sum: 1 }],
    ['schema', { schema: 2 }],
    ['zero bucket', { zeroCount: 1 }],
    ['zero threshold', { zeroThreshold: 1 }],
    ['bucket', { positive: { ...histogram.positive, offset: 1 } }],
    ['bounds', { customBounds: Float64Array.of(1) }]
  ]
  for (const [name, change] of others)
    it(`sees another ${name}`, () => assert.ok(!equal(histogram, { ...histogram, ...change })))
  it('a sum of NaN equals itself', () => assert.ok(equal({ ...histogram, sum: NaN }, { ...histogram, sum: NaN })))
})

it('an overflow is seen wherever it is', () => {
  const histogram = observed([-1, 1], 0)
  const { positive, negative } = histogram
  assert.equal(hasOverflow(histogram), false)
  const changes: Partial<FloatHistogram>[] = [
    { sum: -Infinity },
    { count: Infinity },
    { zeroCount: Infinity },
    { positive: { ...positive, counts: Float64Array.of(Infinity) } },
    { negative: { ...negative, counts: Float64Array.of(Infinity) } }
  ]
  for (const change of changes) assert.equal(hasOverflow({ ...histogram, ...change }), true)
})
