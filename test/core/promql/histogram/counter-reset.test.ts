import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isCounterReset } from '../../../../core/promql/histogram/counter-reset.ts'
import type { FloatHistogram } from '../../../../core/promql/histogram/float-histogram.ts'
import { observed, observedIn } from './observed.ts'

const OLD = [1, 3, -5, 0, 40]

describe('a counter began anew', () => {
  const cases: readonly (readonly [name: string, current: FloatHistogram, previous: FloatHistogram, reset: boolean])[] =
    [
      ['more observations', observed([...OLD, 2], 0), observed(OLD, 0), false],
      ['the same', observed(OLD, 0), observed(OLD, 0), false],
      ['fewer observations', observed(OLD.slice(1), 0), observed(OLD, 0), true],
      ['others in place of one', observed([1, 3, -5, 0, 7, 7, 7], 0), observed(OLD, 0), true],
      ['others in place of a negative one', observed([1, 3, 5, 0, 40], 0), observed(OLD, 0), true],
      ['others in place of zero', observed([1, 3, -5, 9, 40, 9], 0), observed(OLD, 0), true],
      ['a coarser schema', observed([...OLD, 2], 0), observed(OLD, 3), false],
      ['a finer schema', observed([...OLD, 2], 3), observed(OLD, 0), true],
      ['a wider zero bucket', observed([...OLD, 2], 0, 2), observed(OLD, 0), false],
      ['a wider zero bucket with fewer in it', observed([-5, 40, 3, 3, 3, 3], 0, 2), observed(OLD, 0), true],
      ['a zero bucket that cuts a bucket', observed([...OLD, 2], 0, 3.5), observed(OLD, 0), true],
      ['a narrower zero bucket', observed([...OLD, 2], 0), observed(OLD, 0, 2), true],
      ['custom bounds, more', observedIn([1, 2, 3], [1, 2]), observedIn([1, 2], [1, 2]), false],
      ['custom bounds, fewer in one', observedIn([1, 1, 1], [1, 2]), observedIn([1, 2], [1, 2]), true],
      ['other bounds, the shared ones rose', observedIn([1, 2, 9], [2, 5]), observedIn([1, 2], [1, 2]), false],
      ['other bounds, a shared one fell', observedIn([1, 9, 9], [2, 5]), observedIn([1, 2], [1, 2]), true],
      ['other kind of buckets', observedIn(OLD, [1]), observed(OLD, 0), true]
    ]
  for (const [name, current, previous, want] of cases)
    it(name, () => assert.equal(isCounterReset(current, previous), want))

  it('the mark is believed', () => {
    assert.equal(isCounterReset({ ...observed([1, 1], 0), counterReset: 'reset' }, observed([1], 0)), true)
    assert.equal(isCounterReset({ ...observed([1], 0), counterReset: 'not_reset' }, observed([1, 1], 0)), false)
    assert.equal(isCounterReset({ ...observed([1], 0), counterReset: 'gauge' }, observed([1, 1], 0)), true)
  })

  it('never while observations come', () => {
    const values = fc.array(
      fc.double({ min: -1000, max: 1000, noNaN: true }).filter(value => Math.abs(value) > 1e-3),
      { maxLength: 10 }
    )
    const schema = fc.integer({ min: -2, max: 3 })
    const property = fc.property(values, values, schema, schema, (old, more, schemaA, schemaB) => {
      const current = observed([...old, ...more], Math.min(schemaA, schemaB))
      assert.equal(isCounterReset(current, observed(old, Math.max(schemaA, schemaB))), false)
      if (old.length > 0) assert.equal(isCounterReset(observed(old.slice(1), schemaA), observed(old, schemaA)), true)
    })
    fc.assert(property, { numRuns: 200 })
  })
})
