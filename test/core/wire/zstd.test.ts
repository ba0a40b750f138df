import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { compress } from '../../../core/wire/zstd.ts'

// More than one chunk of output, for it cannot be made smaller.
const RANDOM = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)).buffer)
const LARGE = Buffer.concat(Array.from({ length: 20 }, () => RANDOM))

test('compressed bytes come back', async () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('weir '.repeat(100)), LARGE])
    assert.deepEqual(zstdDecompressSync(await compress(bytes)), bytes)
})

test('the header has the size: a frame of one segment, then the size in four bytes', async () => {
  // https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md#frame_header
  const frame = Buffer.from(await compress(LARGE))
  assert.equal(frame.readUInt32LE(0), 0xfd2fb528)
  const descriptor = frame[4]
  assert.equal(descriptor >> 6, 2, 'size in four bytes')
  const windowBytes = (descriptor & 0x20) === 0 ? 1 : 0
  assert.equal(frame.readUInt32LE(5 + windowBytes), LARGE.length)
})
