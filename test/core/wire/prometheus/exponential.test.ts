import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ExponentialBuckets, ExponentialHistogram } from '../../../../core/model/distribution.ts'
import { bucketRanges, vmrange } from '../../../../core/wire/prometheus/exponential.ts'

const NONE: ExponentialBuckets = { offset: 0, counts: [] }
const histogram = (scale: number, positive: ExponentialBuckets, negative = NONE): ExponentialHistogram => ({
  kind: 'exponential_histogram',
  count: 0,
  sum: 0,
  min: Number.NaN,
  max: Number.NaN,
  scale,
  zeroCount: 0,
  zeroThreshold: 0,
  positive,
  negative
})

for (const [name, of, want] of [
  ['a bucket of a doubling', histogram(0, { offset: 2, counts: [7] }), [['4...8', 7]]],
  [
    'values below 0',
    histogram(0, NONE, { offset: 0, counts: [1, 2] }),
    [
      ['-4...-2', 2],
      ['-2...-1', 1]
    ]
  ],
  [
    'finer buckets, joined',
    histogram(5, { offset: 30, counts: [1, 1, 5] }),
    [
      ['1.8340080864093424...2', 2],
      ['2...2.1810154653305154', 5]
    ]
  ],
  [
    'buckets finer than any SDK’s',
    histogram(60, { offset: -1, counts: [1, 2] }),
    [
      ['0.9170040432046712...1', 1],
      ['1...1.0905077326652577', 2]
    ]
  ],
  [
    'buckets wider than all numbers',
    histogram(-2000, { offset: -1, counts: [1, 2] }),
    [
      ['0...1', 1],
      ['1...+Inf', 2]
    ]
  ]
] as const) {
  test(name, () => {
    assert.deepEqual(
      bucketRanges(of).map(range => [vmrange(range), range.count]),
      want
    )
  })
}
