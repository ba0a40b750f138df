import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BadInputError } from '../../../core/errors.ts'
import { compress, decompress } from '../../../core/wire/snappy.ts'

const TEXT = Buffer.from('weir '.repeat(100))

test('compressed bytes come back', () => {
  assert.deepEqual(Buffer.from(decompress(compress(TEXT), 1000)), TEXT)
  assert.equal(decompress(compress(new Uint8Array(0)), 0).length, 0)
})

test('reads a block written by hand: length, literal, copy', () => {
  // "ababab": a literal of 2, a copy of 4 from offset 2. https://github.com/google/snappy/blob/main/format_description.txt
  assert.equal(Buffer.from(decompress(Uint8Array.of(6, 1 << 2, 97, 98, 1, 2), 6)).toString(), 'ababab')
})

test('a block larger than allowed is refused before it is made', () => {
  const bomb = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f, 0)
  for (const bytes of [bomb, compress(TEXT)]) {
    assert.throws(() => decompress(bytes, 499), { reason: 'too_large' })
  }
})

test('a block cut off at any byte is malformed', () => {
  const whole = compress(TEXT)
  for (let length = 0; length < whole.length; length++) {
    assert.throws(
      () => decompress(whole.subarray(0, length), 1000),
      (error: unknown) => error instanceof BadInputError && error.reason === 'malformed'
    )
  }
})
