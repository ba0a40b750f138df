import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BadInputError } from '../../../../core/errors.ts'
import { lengthTag, ProtobufReader } from '../../../../core/wire/protobuf/reader.ts'
import { ProtobufWriter } from '../../../../core/wire/protobuf/writer.ts'

const reader = (...bytes: number[]) => new ProtobufReader(Buffer.from(bytes))
const written = (write: (writer: ProtobufWriter) => void) => {
  const writer = new ProtobufWriter()
  write(writer)
  const made = new ProtobufReader(Buffer.from(writer.finish()))
  made.tag()
  return made
}

test('varints', () => {
  for (const [bytes, want] of [
    [[0], 0],
    [[0x7f], 127],
    [[0x80, 1], 128],
    [[0x96, 1], 150],
    [[0x80, 0], 0],
    [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f], Number.MAX_SAFE_INTEGER],
    [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 2 ** 64]
  ] as const)
    assert.equal(reader(...bytes).varint(), want)
})

test('numbers, against an independent writer', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), fc.double(), (integer, double) => {
      assert.equal(written(writer => writer.integer(3, integer)).int64(), integer)
      assert.equal(written(writer => writer.double(3, double)).double(), double)
      const bits = BigInt(Math.abs(integer))
      const fixed = written(writer => writer.fixed64(3, Number(bits >> 32n), Number(bits & 0xffffffffn)))
      assert.equal(fixed.fixed64(), Math.abs(integer))
    })
  )
})

test('a 64-bit integer beyond 2^53 is a bigint', () => {
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f).int64(), 2n ** 63n - 1n)
  assert.equal(reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1).int64(), -(2n ** 63n))
})

test('zigzag', () => {
  for (const [byte, want] of [
    [0, 0],
    [1, -1],
    [2, 1],
    [3, -2],
    [40, 20]
  ])
    assert.equal(reader(byte).sint32(), want)
  assert.equal(reader(0xff, 0xff, 0xff, 0xff, 0x0f).sint32(), -(2 ** 31))
})

test('strings', () => {
  for (const text of ['', 'plain', 'naïve ☃ 𝄞', '\ufeffmark'])
    assert.equal(written(writer => writer.string(1, text)).text(), text)
})

test('a message within a message ends where it says', () => {
  const outer = reader(0x0a, 2, 8, 5, 0x10, 1)
  assert.equal(outer.tag(), 0x0a)
  const limit = outer.enter()
  assert.deepEqual([outer.tag(), outer.varint(), outer.at === outer.limit], [8, 5, true])
  outer.leave(limit)
  assert.equal(outer.tag(), 0x10)
})

test('passes over fields of one tag, and leaves what it cannot tell', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 5 }), fc.nat(40), (sizes, cut) => {
      const writer = new ProtobufWriter()
      for (const size of sizes) writer.bytes(1, new Uint8Array(size))
      const whole = writer.finish()
      const made = new ProtobufReader(Buffer.from(whole.subarray(0, Math.max(0, whole.length - cut))))
      const passed = made.skipRun(lengthTag(1))
      const [before, next] = [sizes.slice(0, passed), sizes[passed]]
      const head = (size: number) => (size < 0x80 ? 2 : size < 0x4000 ? 3 : 4)
      assert.equal(
        made.at,
        before.reduce((sum, size) => sum + head(size) + size, 0)
      )
      // It stops at a field that is long, or cut off, or too near to the end for its length to be read in one go.
      const left = made.limit - made.at
      assert.ok(next === undefined || next >= 0x4000 || left < Math.max(3, head(next) + next), `${next} of ${left}`)
    })
  )
  const other = reader(0x0a, 1, 7, 0x12, 1, 7, 0)
  assert.deepEqual([other.skipRun(lengthTag(1)), other.at], [1, 3])
})

test('skips every wire type, and leaves the bytes after it', () => {
  for (const field of [
    [8, 0x96, 1],
    [9, 1, 2, 3, 4, 5, 6, 7, 8],
    [10, 2, 1, 2],
    [13, 1, 2, 3, 4]
  ]) {
    const both = reader(...field, 0x18, 7)
    both.skip(both.tag())
    assert.deepEqual([both.tag(), both.varint()], [0x18, 7])
  }
})

test('errors name the fault and its byte', () => {
  for (const [bytes, read, want] of [
    [[0x80], r => r.varint(), 'protobuf: a varint does not fit into the 0 bytes left at byte 1'],
    [new Array(11).fill(0x80), r => r.varint(), 'protobuf: a varint is longer than 10 bytes at byte 0'],
    [[1, 2, 3], r => r.fixed64(), 'protobuf: a value of 8 bytes does not fit into the 3 bytes left at byte 0'],
    [[5, 1], r => r.enter(), 'protobuf: a field of 5 bytes does not fit into the 1 byte left at byte 1'],
    [[9, 65], r => r.text(), 'protobuf: a value of 9 bytes does not fit into the 1 byte left at byte 1'],
    [[7], r => r.tag(), 'protobuf: no field has the tag 7 at byte 0'],
    [
      [0x0b],
      r => r.skip(r.tag()),
      'protobuf: field 1 has wire type 3, which OTLP and remote write do not use at byte 1'
    ],
    [[0xff, 0xff, 0xff, 0xff, 0x7f], r => r.tag(), 'protobuf: no field has the tag 34359738367 at byte 0']
  ] as [number[], (r: ProtobufReader) => unknown, string][]) {
    assert.throws(() => read(reader(...bytes)), new BadInputError(want))
  }
})

test('regression: a string that is not UTF-8 was an error of the whole message', () => {
  const reader = new ProtobufReader(Buffer.from([3, 0x61, 0xff, 0x62, 2, 0xc3, 0xa9]))
  assert.deepEqual([reader.text(), reader.text(), reader.replacedTexts], ['a\ufffdb', 'é', 1])
})
