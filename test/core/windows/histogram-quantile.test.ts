import assert from 'node:assert/strict'
import { test } from 'node:test'
import { histogramQuantile } from '../../../core/windows/histogram-quantile.ts'

const UNKNOWN = { kind: 'histogram', sum: Number.NaN, min: Number.NaN, max: Number.NaN } as const

test('regression: quantiles in a bucket up to +Inf were not sent; the greatest bound is as much as is known', () => {
  const histogram = { ...UNKNOWN, count: 10, bounds: [1, 2, Infinity], counts: [2, 3, 5, 0] }
  assert.equal(histogramQuantile(histogram, 0.5), 2)
  assert.equal(histogramQuantile(histogram, 0.9), 2)
  assert.equal(histogramQuantile({ ...histogram, bounds: [1, 2], counts: [2, 3, 5] }, 0.9), 2)
  assert.equal(histogramQuantile({ ...histogram, max: 10 }, 0.9), 2 + (10 - 2) * 0.8)
})

test('of a bucket from -Inf the upper bound, from 0 on if it is above that', () => {
  const histogram = { ...UNKNOWN, count: 10, bounds: [-Infinity, 4], counts: [0, 10, 0] }
  assert.equal(histogramQuantile(histogram, 0.5), 2)
  assert.equal(histogramQuantile({ ...histogram, bounds: [-Infinity, -4] }, 0.5), -4)
  assert.equal(histogramQuantile({ ...histogram, min: 2 }, 0.5), 3)
})

test('of a bucket without any bound nobody knows', () => {
  const histogram = { ...UNKNOWN, count: 10, bounds: [-Infinity, Infinity], counts: [0, 10, 0] }
  assert.equal(histogramQuantile(histogram, 0.5), Number.NaN)
})
