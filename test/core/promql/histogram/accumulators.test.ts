import assert from 'node:assert/strict'
import { it } from 'node:test'
import { HistogramMean, HistogramSum } from '../../../../core/promql/histogram/accumulators.ts'
import { equal, multiply } from '../../../../core/promql/histogram/arithmetic.ts'
import { observed, observedIn } from './observed.ts'

const ONE = observed([3], 0)

it('a sum keeps small counts beside large ones', () => {
  const sum = new HistogramSum(multiply(ONE, 1e16))
  sum.add(ONE)
  sum.add(multiply(ONE, -1e16))
  assert.ok(equal(sum.total(), { ...ONE, counterReset: 'gauge' }))
})

it('a sum takes the layout of all', () => {
  const sum = new HistogramSum(observed([3, 5], 3))
  for (const histogram of [observed([-7], 1), observed([0.5, 100], 2, 1), observed([9], 0)]) sum.add(histogram)
  assert.ok(equal(sum.total(), observed([3, 5, -7, 0.5, 100, 9], 0, 1)))
})

it('what does not fit is not added', () => {
  const sum = new HistogramSum(ONE)
  assert.equal(sum.add(observedIn([1], [2])), undefined)
  assert.ok(equal(sum.total(), ONE))
  const mean = new HistogramMean(ONE)
  assert.equal(mean.add(observedIn([1], [2])), undefined)
  assert.ok(equal(mean.mean(), ONE))
})

it('remarks are those of the addition', () => {
  const sum = new HistogramSum({ ...observedIn([1], [1, 2]), counterReset: 'reset' })
  const remarks = sum.add({ ...observedIn([1], [2, 3]), counterReset: 'not_reset' })
  assert.deepEqual(remarks, { resetConflict: true, boundsReconciled: true })
})

it('a mean is the sum divided by the number', () => {
  const mean = new HistogramMean(observed([1, 2, 3, 4], 0))
  mean.add(observed([5, 6], 0))
  assert.ok(equal(mean.mean(), multiply(observed([1, 2, 3, 4, 5, 6], 0), 0.5)))
})

it('a mean does not overflow', () => {
  const huge = multiply(ONE, 1e308 / 3)
  const mean = new HistogramMean(huge)
  for (let i = 0; i < 9; i++) mean.add(huge)
  const { count, sum } = mean.mean()
  assert.ok(Math.abs(count / huge.count - 1) < 1e-15)
  assert.ok(Math.abs(sum / huge.sum - 1) < 1e-15)
})
