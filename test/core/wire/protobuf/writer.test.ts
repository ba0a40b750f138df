import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { integerSize, ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'

function written(write: (writer: ProtobufWriter) => void): string {
  const writer = new ProtobufWriter()
  write(writer)
  return Buffer.from(writer.finish()).toString('hex')
}

test('writes the examples of the protobuf documentation', () => {
  // https://protobuf.dev/programming-guides/encoding/
  assert.equal(
    written(writer => writer.integer(1, 150)),
    '089601'
  )
  assert.equal(
    written(writer => writer.string(2, 'testing')),
    '120774657374696e67'
  )
  assert.equal(
    written(writer => writer.integer(1, -2)),
    '08feffffffffffffffff01'
  )
})

test('integers agree with BigInt', () => {
  const bigVarint = (value: number) => {
    let rest = BigInt.asUintN(64, BigInt(value))
    const bytes = [0x08]
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
    return Buffer.from([...bytes, Number(rest)]).toString('hex')
  }
  const edges = [0, 1, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 35, Number.MAX_SAFE_INTEGER, -1]
  const check = (value: number) => {
    const hex = written(writer => writer.integer(1, value))
    assert.equal(hex, bigVarint(value))
    assert.equal(integerSize(value), hex.length / 2 - 1)
  }
  for (const value of edges) check(value)
  fc.assert(fc.property(fc.maxSafeInteger(), check))
})

test('doubles, bits and text', () => {
  assert.equal(
    written(writer => writer.double(1, 1.5)),
    '09000000000000f83f'
  )
  assert.equal(
    written(writer => writer.fixed64(1, 0x7ff00000, 2)),
    '09020000000000f07f'
  )
  assert.equal(
    written(writer => writer.string(1, 'é€😀')),
    '0a09c3a9e282acf09f9880'
  )
  assert.equal(
    written(writer => writer.bytes(3, Uint8Array.of(1, 2))),
    '1a020102'
  )
})

test('grows without losing written bytes, and starts anew after reset', () => {
  const writer = new ProtobufWriter(1)
  for (let i = 0; i < 5000; i++) writer.string(1, 'abc')
  assert.equal(Buffer.from(writer.finish()).toString('latin1'), '\n\x03abc'.repeat(5000))
  writer.reset()
  writer.integer(1, 1)
  assert.deepEqual([...writer.finish()], [8, 1])
})

test('a message whose size is not known is as one that is begun with its size', () => {
  const content = Uint8Array.from({ length: 2 ** 21 + 9 }, (_, i) => i)
  const lengths = [...Array(41).keys(), 127, 128, 129, 2 ** 14 - 1, 2 ** 14, 2 ** 14 + 1, 2 ** 21]
  for (const field of [1, 15, 16])
    for (const length of lengths)
      for (const sizeBytes of [1, 2, 3]) {
        const [one, other] = [new ProtobufWriter(), new ProtobufWriter()]
        for (const writer of [one, other]) writer.raw(content.subarray(0, 1003))
        const start = one.begin(field, sizeBytes)
        one.raw(content.subarray(0, length))
        one.end(start, sizeBytes)
        other.bytes(field, content.subarray(0, length))
        for (const writer of [one, other]) writer.varint(length)
        assert.ok(Buffer.from(one.finish()).equals(other.finish()), `${length} bytes in field ${field}`)
      }
})
