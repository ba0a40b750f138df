import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { ZstdCompressor } from '../../../core/wire/zstd.ts'

// More than one chunk of output, for it cannot be made smaller.
const RANDOM = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)).buffer)
const LARGE = Buffer.concat(
  Array.from({ length: 20 }, () => Buffer.from(RANDOM.map(byte => byte ^ (Math.random() * 256))))
)
const INPUTS = [Buffer.alloc(0), Buffer.from('weir '.repeat(100)), LARGE, Buffer.from('w')]

test('compressed bytes come back, whatever was compressed before', async () => {
  const zstd = new ZstdCompressor()
  for (const bytes of [...INPUTS, ...INPUTS]) assert.deepEqual(zstdDecompressSync(await zstd.compress(bytes)), bytes)
})

test('equal bytes make equal frames, whatever was compressed before', async () => {
  const [used, fresh] = [new ZstdCompressor(), new ZstdCompressor()]
  for (const bytes of INPUTS) await used.compress(bytes)
  assert.deepEqual(await used.compress(LARGE), await fresh.compress(LARGE))
})

test('a frame that is asked for before the one before is made gets only its own bytes', async () => {
  const zstd = new ZstdCompressor()
  const frames = await Promise.all([...INPUTS, ...INPUTS].map(bytes => zstd.compress(bytes)))
  assert.deepEqual(
    frames.map(frame => zstdDecompressSync(frame)),
    [...INPUTS, ...INPUTS]
  )
})

test('a frame stays as it is while later ones are made', async () => {
  const zstd = new ZstdCompressor()
  const frame = await zstd.compress(LARGE)
  const copy = Buffer.from(frame)
  for (let i = 0; i < 20; i++) await zstd.compress(Buffer.alloc(100_000, i))
  assert.deepEqual(Buffer.from(frame), copy)
})

test('the header of each frame has the size: a frame of one segment, then the size in four bytes', async () => {
  const zstd = new ZstdCompressor()
  // https://github.com/facebook/zstd/blob/dev/doc/zstd_compression_format.md#frame_header
  for (let i = 0; i < 2; i++) {
    const frame = Buffer.from(await zstd.compress(LARGE))
    assert.equal(frame.readUInt32LE(0), 0xfd2fb528)
    const descriptor = frame[4]
    assert.equal(descriptor >> 6, 2, 'size in four bytes')
    const windowBytes = (descriptor & 0x20) === 0 ? 1 : 0
    assert.equal(frame.readUInt32LE(5 + windowBytes), LARGE.length)
  }
})
