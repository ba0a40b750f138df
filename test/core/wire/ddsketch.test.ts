import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DDSketch } from '@datadog/sketches-js'
import fc from 'fast-check'
import { BadInputError } from '../../../core/errors.ts'
import type { ExponentialHistogram } from '../../../core/model/distribution.ts'
import { gammaOf, quantileOf, relativeErrorOf } from '../../../core/model/sketch/ddsketch.ts'
import { ExponentialCounts } from '../../../core/model/sketch/exponential-counts.ts'
import { decodeDDSketch, encodeDDSketch } from '../../../core/wire/ddsketch.ts'
import { assertLinear } from '../../growth.ts'
import { double, integer, message } from './protobuf/fields.ts'

const QUANTILES = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 1]
const value = fc.oneof(
  fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
  fc.double({ min: -1e4, max: -1, noNaN: true }),
  fc.constant(0)
)
const values = fc.array(value, { minLength: 1, maxLength: 100 })

function histogramOf(observed: readonly number[]): ExponentialHistogram {
  const counts = new ExponentialCounts()
  for (const one of observed) counts.addValue(one, 1)
  const unknown = { sum: Number.NaN, min: Number.NaN, max: Number.NaN }
  return { kind: 'exponential_histogram', count: observed.length, ...unknown, ...counts.shape() }
}

test('sketches-js reads the written bytes, and computes the same quantiles', () => {
  fc.assert(
    fc.property(values, observed => {
      const histogram = histogramOf(observed)
      const read = DDSketch.fromProto(encodeDDSketch(histogram))
      assert.equal(read.count, observed.length)
      assert.equal(read.zeroCount, histogram.zeroCount)
      for (const quantile of QUANTILES) assertClose(read.getValueAtQuantile(quantile), quantileOf(histogram, quantile))
    })
  )
})

test('bytes that sketches-js writes are read, bucket by bucket', () => {
  fc.assert(
    fc.property(values, observed => {
      const theirs = new DDSketch({ relativeAccuracy: relativeErrorOf(5) })
      for (const one of observed) theirs.accept(one)
      const read = decodeDDSketch(Buffer.from(theirs.toProto()))
      assert.equal(read.scale, 5)
      assert.equal(read.count, observed.length)
      for (const quantile of QUANTILES) assertClose(quantileOf(read, quantile), theirs.getValueAtQuantile(quantile))
    })
  )
})

test('written and read it is unchanged', () => {
  fc.assert(
    fc.property(values, observed => {
      const histogram = histogramOf(observed)
      assert.deepEqual(decodeDDSketch(Buffer.from(encodeDDSketch(histogram))), histogram)
    })
  )
})

test('bins one by one, as other libraries write them', () => {
  const bin = (key: number, count: number) => message(1, integer(1, key < 0 ? -2 * key - 1 : 2 * key), double(2, count))
  const sketch = Buffer.concat([
    message(1, double(1, 2), double(2, 3)),
    message(2, bin(4, 1), bin(9, 2)),
    message(3, bin(-1, 5)),
    double(4, 6),
    integer(9, 1)
  ])
  const { scale, count, positive, negative } = decodeDDSketch(sketch)
  assert.deepEqual([scale, count], [0, 14])
  assert.deepEqual(positive, { offset: 0, counts: [1, 0, 0, 0, 0, 2] })
  assert.deepEqual(negative, { offset: -5, counts: [5] })
})

test('a low bucket after a high one needs no room on the stack', () => {
  const bin = (key: number) => message(1, integer(1, key < 0 ? -2 * key - 1 : 2 * key), double(2, 1))
  const { positive } = decodeDDSketch(
    Buffer.concat([message(1, double(1, 2)), message(2, bin(2 ** 20), bin(-(2 ** 20)))])
  )
  assert.equal(positive.counts.length, 2 ** 21 + 1)
  assert.equal(positive.offset, -(2 ** 20) - 1)
})

for (const [name, mapping] of [
  ['of an accuracy that is no scale’s', message(1, double(1, 1.02))],
  ['with an offset that is no whole number', message(1, double(1, 2), double(2, 0.5))],
  ['with an offset beyond all buckets', message(1, double(1, 2), double(2, 1e300))],
  ['whose buckets have no width', message(1, double(1, 1))],
  ['with a number below 0 in a bucket', Buffer.concat([message(1, double(1, 2)), message(2, double(2, -3))])],
  ['with no number in a bucket', Buffer.concat([message(1, double(1, 2)), message(2, double(2, Number.NaN))])],
  ['with endlessly many zeros', Buffer.concat([message(1, double(1, 2)), double(4, Number.POSITIVE_INFINITY)])],
  ['with interpolated buckets', message(1, double(1, 2), integer(3, 1))],
  ['without a mapping', Buffer.alloc(0)]
] as const) {
  test(`a sketch ${name} is refused`, () => assert.throws(() => decodeDDSketch(mapping), BadInputError))
}

test('buckets so far apart that those between would fill memory are refused', () => {
  const far = message(2, message(1, integer(1, 2 ** 32 - 2), double(2, 1)))
  assert.throws(
    () => decodeDDSketch(Buffer.concat([message(1, double(1, 2)), far])),
    /bucket 2147483647 is further out/
  )
})

test('cut off at any byte it throws or is a shorter message, and never runs past its end', () => {
  const bytes = Buffer.from(encodeDDSketch(histogramOf([1, -2, 0, 300])))
  for (let length = 0; length < bytes.length; length++) {
    try {
      assert.ok(decodeDDSketch(bytes.subarray(0, length)).count <= 4)
    } catch (error) {
      assert.ok(error instanceof BadInputError, `${length}: ${error}`)
    }
  }
})

function assertClose(a: number, b: number): void {
  assert.ok(Math.abs(a - b) <= 1e-9 * Math.abs(b), `${a} and ${b}`)
}

test('time in proportion to bytes: bins from the last to the first', () => {
  const mapping = message(1, double(1, gammaOf(5)))
  const bin = (i: number) => message(1, integer(1, i * 2 + 1), double(2, 1))
  const stores = (count: number) => Array.from({ length: count }, (_, i) => message(2, bin(i)))
  const make = (count: number) => Buffer.concat([mapping, ...stores(count)])
  assertLinear('bins', 10_000, make, body => void decodeDDSketch(body))
})

test('time in proportion to bytes: counts side by side', () => {
  const mapping = message(1, double(1, gammaOf(5)))
  const make = (count: number) => Buffer.concat([mapping, message(2, ...Array(count).fill(double(2, 1)))])
  assertLinear('counts', 10_000, make, body => void decodeDDSketch(body))
})
