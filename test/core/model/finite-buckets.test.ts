import assert from 'node:assert/strict'
import { test } from 'node:test'
import { finiteBuckets } from '../../../core/model/finite-buckets.ts'

const INFINITY = Number.POSITIVE_INFINITY

for (const [name, buckets, want] of [
  [
    'a last bound of infinity',
    { bounds: [1, 2, INFINITY], counts: [5, 2, 3, 0] },
    { bounds: [1, 2], counts: [5, 2, 3] }
  ],
  ['no other bound', { bounds: [INFINITY], counts: [4, 1] }, { bounds: [], counts: [5] }],
  ['a first bound of minus infinity', { bounds: [-INFINITY, 1], counts: [1, 2, 3] }, undefined],
  ['finite bounds', { bounds: [1, 2], counts: [5, 2, 3] }, undefined],
  ['no buckets', { bounds: [], counts: [] }, undefined]
] as const) {
  test(`${name}: ${want === undefined ? 'as it is' : 'the bucket that ends there and the last one are one'}`, () => {
    if (want === undefined) assert.equal(finiteBuckets(buckets), buckets)
    else assert.deepEqual(finiteBuckets(buckets), want)
  })
}
