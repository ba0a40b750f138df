import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdCompressSync } from 'node:zlib'
import { NullSink } from '../../../bench/programs/sink.ts'
import { compress } from '../../../core/wire/snappy.ts'
import { double, message, text } from '../../core/wire/protobuf/fields.ts'

const REQUEST = message(1, message(1, text(1, '__name__'), text(2, 'shop')), message(2, double(1, 5)))

test('the sink reads both encodings of remote write, and no other', async t => {
  const sink = await NullSink.start()
  t.after(() => sink.stop())
  const post = async (encoding: string, body: Uint8Array) => {
    const headers = { 'content-encoding': encoding }
    const { status } = await fetch(sink.url, { method: 'POST', headers, body: new Uint8Array(body) })
    assert.equal(status, 204)
  }
  const [snappy, zstd] = [compress(REQUEST), zstdCompressSync(REQUEST)]
  await post('snappy', snappy)
  await post('zstd', zstd)
  const { samples, values } = sink.totals()
  assert.deepEqual([samples, values], [2, 10])
  assert.deepEqual([sink.requests, sink.bytes], [2, snappy.length + zstd.length])
  await post('br', zstd)
  assert.throws(() => sink.totals(), /content encoding "br"/)
})
