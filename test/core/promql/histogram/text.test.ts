import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { exponentialBound } from '../../../../core/promql/histogram/bounds.ts'
import { histogramJson, histogramText } from '../../../../core/promql/histogram/text.ts'
import { observed, observedIn } from './observed.ts'

it('JSON has the buckets from low to high with the rule of their bounds', () => {
  assert.deepEqual(histogramJson(observed([-3, -3, 0, 0.75, 0.125, 1e7], 0, 0.25)), {
    count: '6',
    sum: '9999994.875',
    buckets: [
      [1, '-4', '-2', '2'],
      [3, '-0.25', '0.25', '2'],
      [0, '0.5', '1', '1'],
      [0, '8388608', '16777216', '1']
    ]
  })
})

it('JSON of custom buckets: the first one has its lower bound', () => {
  assert.deepEqual(histogramJson(observedIn([-3, 1, 9], [0, 5])), {
    count: '3',
    sum: '7',
    buckets: [
      [3, '-Inf', '0', '1'],
      [0, '0', '5', '1'],
      [0, '5', '+Inf', '1']
    ]
  })
})

it('JSON of an empty one has no buckets', () =>
  assert.deepEqual(histogramJson(observed([], 0)), { count: '0', sum: '0' }))

it('a zero bucket cuts off those that it overlaps', () => {
  const { buckets } = histogramJson({ ...observed([3, -3], 0), zeroThreshold: 2.5, zeroCount: 1 })
  assert.deepEqual(buckets, [
    [1, '-4', '-2.5', '1'],
    [3, '-2.5', '2.5', '1'],
    [0, '2.5', '4', '1']
  ])
})

it('the text is that of Prometheus', () => {
  assert.equal(
    histogramText({ ...observed([-1.5, -1.5, 0, 0.75, 3e6], 0, 0.001), sum: 10 }),
    '{count:5, sum:10, [-2,-1):2, [-0.001,0.001]:1, (0.5,1]:1, (2.097152e+06,4.194304e+06]:1}'
  )
})

describe('bounds', () => {
  const cases: readonly (readonly [schema: number, index: number, bound: number])[] = [
    [0, 0, 1],
    [0, -1, 0.5],
    [0, 1023, 2 ** 1023],
    [0, 1024, Number.MAX_VALUE],
    [0, 1025, Infinity],
    [0, -1074, Number.MIN_VALUE],
    [-4, 64, Number.MAX_VALUE],
    [-4, 65, Infinity],
    [-4, -1, 2 ** -16],
    [3, 1, 1.0905077326652577],
    [3, 8, 2],
    [8, 256 * 1024, Number.MAX_VALUE],
    [8, 256 * 1024 + 1, Infinity],
    [8, -256, 0.5]
  ]
  for (const [schema, index, want] of cases)
    it(`${index} of schema ${schema}`, () => assert.equal(exponentialBound(schema, index), want))
})
