import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { CreditPool } from '../../../core/batch/credits.ts'
import { BodyBudget } from '../../../core/http/body-budget.ts'
import { decompress } from '../../../core/http/compression.ts'

const MOST = 2 ** 20
const CODECS = { gzip: gzipSync, zstd: zstdCompressSync }
const encodings = fc.constantFrom('gzip', 'zstd')
/** Around the size up to which content is decompressed at once, and others. */
const contents = fc
  .tuple(fc.oneof(fc.nat(2000), fc.integer({ min: 256 * 1024 - 3, max: 256 * 1024 + 3 }), fc.nat(600_000)), fc.nat(255))
  .map(([length, seed]) => Buffer.alloc(length).map((_, i) => (i * i * seed) >>> 9))

async function read(encoding: 'gzip' | 'zstd', body: Buffer): Promise<Buffer> {
  const credits = new CreditPool(MOST)
  const permit = credits.tryTake(0)!
  const budget = new BodyBudget(permit, MOST, credits.capacity, 'max_body_size')
  const content = await decompress(encoding, body, budget, 'content-encoding')
  assert.equal(permit.bytes, content.length)
  return content
}

test('content of every size, whole and in several frames', async () => {
  await fc.assert(
    fc.asyncProperty(
      encodings,
      contents,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (encoding, content, cut) => {
        const at = Math.floor(content.length * cut)
        const codec = CODECS[encoding]
        assert.ok((await read(encoding, codec(content))).equals(content))
        const parts = Buffer.concat([codec(content.subarray(0, at)), codec(content.subarray(at))])
        assert.ok((await read(encoding, parts)).equals(content))
      }
    )
  )
})

test('a body that is cut off is told so, wherever that is', async () => {
  await fc.assert(
    fc.asyncProperty(
      encodings,
      contents,
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      async (encoding, content, cut) => {
        const body = CODECS[encoding](content)
        const part = body.subarray(0, Math.floor(body.length * cut))
        await assert.rejects(read(encoding, part), { status: 400 }, `${part.length} of ${body.length} bytes`)
      }
    )
  )
})

test('a size that is a lie', async () => {
  const content = Buffer.alloc(100_000, 'weir ')
  const body = gzipSync(content)
  for (const size of [0, 99_999, 100_001, 2 ** 31]) {
    body.writeUInt32LE(size, body.length - 4)
    await assert.rejects(read('gzip', body), {
      status: 400,
      message: /^the body is not gzip as content-encoding says: /
    })
  }
})
