import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { ExponentialBuckets } from '../../../../core/model/distribution.ts'
import { ExponentialCounts, type ExponentialShape } from '../../../../core/model/sketch/exponential-counts.ts'

const bound = (index: number, scale: number) => 2 ** (index * 2 ** -scale)
const sum = (counts: readonly number[]) => counts.reduce((a, b) => a + b, 0)
const total = ({ zeroCount, positive, negative }: ExponentialShape) =>
  zeroCount + sum(positive.counts) + sum(negative.counts)

/** An encoder of its own: it looks for the bucket among the bounds, which log2 need not hit. */
function encode(values: readonly number[], scale: number): ExponentialShape {
  const bucketsOf = (sizes: readonly number[]): ExponentialBuckets => {
    const indexes = sizes.map(size => {
      let index = Math.floor(Math.log2(size) * 2 ** scale)
      while (bound(index, scale) >= size) index--
      while (bound(index + 1, scale) < size) index++
      return index
    })
    const offset = indexes.length === 0 ? 0 : Math.min(...indexes)
    const counts: number[] = indexes.length === 0 ? [] : Array(Math.max(...indexes) - offset + 1).fill(0)
    for (const index of indexes) counts[index - offset]++
    return { offset, counts }
  }
  return {
    scale,
    zeroCount: values.filter(value => value === 0).length,
    zeroThreshold: 0,
    positive: bucketsOf(values.filter(value => value > 0)),
    negative: bucketsOf(values.filter(value => value < 0).map(value => -value))
  }
}

const value = fc.oneof(
  fc.integer({ min: -40, max: 40 }).map(power => 2 ** power),
  fc.double({ min: 1e-6, max: 1e9, noNaN: true }),
  fc.double({ min: -1e3, max: -1e-3, noNaN: true }),
  fc.constant(0)
)
const values = fc.array(value, { maxLength: 60 })
const part = fc.record({ values, scale: fc.constantFrom(undefined, -3, 0, 1, 2, 3, 4, 5) })

function added(parts: readonly { values: readonly number[]; scale: number | undefined }[]): ExponentialCounts {
  const counts = new ExponentialCounts()
  for (const { values, scale } of parts) {
    if (scale === undefined) for (const value of values) counts.addValue(value, 1)
    else counts.add(encode(values, scale))
  }
  return counts
}

it('is at the final scale the same as all values encoded there, and no finer would have fitted', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), parts => {
      const all = parts.flatMap(({ values }) => values)
      const shape = added(parts).shape()
      if (all.length === 0) return
      assert.deepEqual(shape, encode(all, shape.scale))
      for (const { counts } of [shape.positive, shape.negative]) assert.ok(counts.length <= 160)
      const given = parts.filter(({ values }) => values.length > 0).map(({ scale }) => scale ?? 5)
      const finest = Math.min(...given)
      if (parts.every(({ values }) => values.length > 0) && shape.scale < finest) {
        const finer = encode(all, shape.scale + 1)
        assert.ok(Math.max(finer.positive.counts.length, finer.negative.counts.length) > 160)
      }
    }),
    { numRuns: 300 }
  )
})

it('order and grouping make no difference', () => {
  fc.assert(
    fc.property(fc.array(part, { minLength: 2, maxLength: 6 }), fc.nat(5), (parts, cut) => {
      const merged = new ExponentialCounts()
      merged.add(added(parts.slice(cut)).shape())
      merged.add(added(parts.slice(0, cut)).shape())
      assert.deepEqual(merged.shape(), added(parts).shape())
      assert.deepEqual(added([...parts].reverse()).shape(), added(parts).shape())
    })
  )
})

it('counts added and subtracted again leave the rest', () => {
  fc.assert(
    fc.property(part, part, (before, more) => {
      const now = added([before, more])
      now.add(added([before]).shape(), -1)
      const { scale, ...rest } = now.shape()
      assert.deepEqual({ scale, ...rest }, encode(more.values, scale))
    })
  )
})

it('if zero reaches further on one side, the other’s counts there are zero', () => {
  const threshold = fc.constantFrom(0, 0.001, 0.5, 1, 3)
  fc.assert(
    fc.property(values, values, threshold, threshold, (a, b, ofA, ofB) => {
      const counts = new ExponentialCounts()
      const sides = [
        { values: a, zero: ofA },
        { values: b, zero: ofB }
      ]
      for (const { values, zero } of sides) {
        const outside = values.filter(value => Math.abs(value) > zero)
        counts.add({ ...encode(outside, 3), zeroThreshold: zero, zeroCount: values.length - outside.length })
      }
      const shape = counts.shape()
      assert.equal(total(shape), a.length + b.length)
      assert.ok(shape.zeroThreshold >= Math.max(ofA, ofB))
      if (shape.scale === 3) {
        const outside = [...a, ...b].filter(value => value > shape.zeroThreshold)
        assert.deepEqual(shape.positive, encode(outside, 3).positive)
      }
    })
  )
})

it('quantiles of single values are at most 1.1 % off', () => {
  const sorted = Array.from({ length: 10_000 }, (_, i) => 20 + ((i * 7919) % 10_000) / 50).sort((a, b) => a - b)
  const counts = new ExponentialCounts()
  for (const value of sorted) counts.addValue(value, 1)
  const { scale, positive } = counts.shape()
  assert.equal(scale, 5)
  for (const quantile of [0.5, 0.9, 0.99]) {
    let index = 0
    for (let seen = positive.counts[0]; seen < quantile * sorted.length; ) seen += positive.counts[++index]
    const middle = bound(positive.offset + index + 0.5, scale)
    assert.ok(Math.abs(middle / sorted[quantile * sorted.length - 1] - 1) < 0.011, `${quantile}: ${middle}`)
  }
})

it('takes the widest ranges there are', () => {
  const counts = new ExponentialCounts()
  for (const value of [Number.MIN_VALUE, Number.MAX_VALUE, 1, -1e-300]) counts.addValue(value, 2)
  const shape = counts.shape()
  assert.equal(total(shape), 8)
  assert.ok(shape.positive.counts.length <= 160)
  const far = { scale: 20, zeroCount: 0, zeroThreshold: 0, negative: { offset: 0, counts: [] } }
  counts.add({ ...far, positive: { offset: -(2 ** 31), counts: [1] } })
  counts.add({ ...far, positive: { offset: 2 ** 31 - 1, counts: [1] } })
  assert.equal(total(counts.shape()), 10)
})

for (const zeroThreshold of [Number.NaN, -1]) {
  it(`a zero that reaches to ${zeroThreshold} says nothing, and ends`, () => {
    const bucket = { scale: 0, zeroCount: 1, positive: { offset: 0, counts: [1] }, negative: { offset: 0, counts: [] } }
    const counts = new ExponentialCounts()
    counts.add({ ...bucket, zeroThreshold: 0.5 })
    counts.add({ ...bucket, zeroThreshold })
    assert.deepEqual(counts.shape(), {
      ...bucket,
      zeroCount: 2,
      zeroThreshold: 0.5,
      positive: { offset: 0, counts: [2] }
    })
  })
}

it('whatever scales, offsets and zeros come over the wire, merging ends, and no count is lost', () => {
  const buckets = fc.record({
    offset: fc.constantFrom(-(2 ** 31), -100_000, -1, 0, 1, 160, 2 ** 31 - 1),
    counts: fc.array(fc.nat(3), { maxLength: 20 })
  })
  const shape = fc.record({
    scale: fc.constantFrom(-(2 ** 31), -1000, -11, -10, 0, 5, 20, 21, 1000, 2 ** 31 - 1),
    zeroCount: fc.nat(2),
    zeroThreshold: fc.constantFrom(0, 1e-9, 1, 1e300, Number.POSITIVE_INFINITY, Number.NaN, -1),
    positive: buckets,
    negative: buckets
  })
  fc.assert(
    fc.property(fc.array(shape, { maxLength: 4 }), fc.boolean(), (shapes, hasValue) => {
      const counts = new ExponentialCounts()
      for (const one of shapes) counts.add(one)
      if (hasValue) counts.addValue(Number.MIN_VALUE, 1)
      const expected = sum(shapes.map(total)) + (hasValue ? 1 : 0)
      assert.equal(total(counts.shape()), expected)
      assert.ok(counts.shape().positive.counts.length <= 160)
    })
  )
})
