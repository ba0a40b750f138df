import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader, ByteWriter } from '../../../core/journal/bytes.ts'
import { addColumn, readColumn } from '../../../core/journal/packed-column.ts'

/** Another NaN than JavaScript makes: Prometheus says by it that a series has ended. */
const STALE = new Float64Array(new BigUint64Array([0x7ff0000000000002n]).buffer)[0]

function pack(column: Float64Array): Buffer {
  const out = new ByteWriter()
  addColumn(out, column)
  return Buffer.from(out.take(0))
}

const bits = (column: Float64Array) => [...new BigUint64Array(column.slice().buffer)]

test('whatever a column holds comes back bit for bit', () => {
  const number = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, 1, Number.NaN, STALE, 2 ** 31, -(2 ** 31)))
  const column = fc.oneof(
    fc.array(number, { maxLength: 5 }).map(numbers => Float64Array.from(numbers)),
    fc.tuple(number, fc.nat({ max: 5 })).map(([one, length]) => new Float64Array(length).fill(one))
  )
  fc.assert(
    fc.property(column, packed => {
      const input = new ByteReader(pack(packed))
      assert.deepEqual(bits(readColumn(input, packed.length)), bits(packed))
      assert.ok(input.atEnd)
    }),
    { numRuns: 1000 }
  )
})

for (const [what, numbers, bytes] of [
  ['zeros', [0, 0, 0], 1],
  ['one number that all are', [1.5, 1.5, 1.5], 9],
  ['whole numbers', [1, -2, 3], 13],
  ['anything else', [1, 2.5, 3], 25],
  ['negative zero among whole numbers', [1, -0, 3], 25],
  ['negative zeros', [-0, -0, -0], 9],
  ['zeros of both signs', [0, -0], 17],
  ['nothing', [], 1]
] as const)
  test(`${what}: ${bytes} bytes`, () => {
    assert.equal(pack(Float64Array.from(numbers)).length, bytes)
  })

test('a form that is not known throws', () => {
  assert.throws(() => readColumn(new ByteReader(Buffer.from([9])), 1), RangeError)
})
