import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWriter } from '../../../core/journal/bytes.ts'

const LARGE = 16 * 2 ** 20

test('memory is used in turns: taken bytes stay as they are until the next call', () => {
  const writer = new ByteWriter()
  let before: Buffer | undefined
  for (let i = 0; i < 10; i++) {
    writer.raw(Buffer.alloc(1000 * i, i))
    if (before !== undefined) assert.ok(before.every(byte => byte === i - 1))
    before = writer.take(0)
  }
})

test('regression: memory that one large frame took was kept for good', () => {
  const writer = new ByteWriter()
  let memory = 0
  for (const bytes of [LARGE, LARGE, 10, 10, 10]) {
    writer.raw(Buffer.alloc(bytes))
    memory = writer.take(0).buffer.byteLength
    writer.u8(1)
  }
  assert.ok(memory < LARGE / 8, `${memory} bytes`)
})
