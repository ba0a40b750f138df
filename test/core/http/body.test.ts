import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { CreditPool } from '../../../core/batch/credits.ts'
import { type ReceivedBody, readBody } from '../../../core/http/body.ts'
import { RequestError } from '../../../core/http/request-error.ts'

const POOL_BYTES = 300_000
const MAX_BYTES = 200_000
const TEXT = Buffer.from('weir '.repeat(20_000))

const credits = new CreditPool(POOL_BYTES)
let received: Promise<ReceivedBody>
const server = createServer((incoming, response) => {
  received = readBody(incoming, { credits, maxBytes: MAX_BYTES, option: 'max_body_size' })
  received.then(
    () => response.end(),
    error => response.writeHead(error.status, error.headers).end(error.message)
  )
})

before(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
after(() => server.close())

async function post(
  chunks: readonly Buffer[],
  headers: Record<string, string | number> = {}
): Promise<IncomingMessage> {
  const { port } = server.address() as AddressInfo
  const outgoing = request({ port, method: 'POST', headers, agent: false })
  for (const chunk of chunks) outgoing.write(chunk)
  outgoing.end()
  const [response] = await once(outgoing, 'response')
  response.resume()
  return response
}

for (const [name, encode, headers] of [
  ['identity', (text: Buffer) => text, {}],
  ['identity, named', (text: Buffer) => text, { 'content-encoding': 'identity' }],
  ['gzip', gzipSync, { 'content-encoding': 'gzip' }],
  ['gzip by its old name', gzipSync, { 'content-encoding': 'X-GZip' }],
  ['deflate', deflateSync, { 'content-encoding': 'deflate' }],
  ['zstd', zstdCompressSync, { 'content-encoding': 'zstd' }]
] as const)
  test(`${name}, with and without content-length`, async () => {
    const body = encode(TEXT)
    const [half, rest] = [body.subarray(0, body.length / 2), body.subarray(body.length / 2)]
    for (const [chunks, length] of [
      [[body], { 'content-length': body.length }],
      [[half, rest], {}]
    ] as const) {
      await post(chunks, { ...headers, ...length })
      const { body: got, permit } = await received
      assert.ok(got.equals(TEXT))
      assert.ok(permit.bytes >= TEXT.length && permit.bytes <= TEXT.length + body.length, `${permit.bytes}`)
      assert.equal(credits.used, permit.bytes)
      permit.release()
    }
  })

test('no body', async () => {
  await post([])
  const { body, permit } = await received
  assert.deepEqual([body.length, permit.bytes], [0, 0])
})

const BOMB = Buffer.alloc(50_000_000)
for (const [name, chunks, headers, status] of [
  ['too large, as announced', [Buffer.alloc(MAX_BYTES + 1)], { 'content-length': MAX_BYTES + 1 }, 413],
  ['too large, not announced', [Buffer.alloc(MAX_BYTES), Buffer.alloc(1)], {}, 413],
  ['too large after gzip', [gzipSync(BOMB)], { 'content-encoding': 'gzip' }, 413],
  ['too large after zstd', [zstdCompressSync(BOMB)], { 'content-encoding': 'zstd' }, 413],
  ['not gzip', [TEXT], { 'content-encoding': 'gzip' }, 400],
  ['gzip cut off', [gzipSync(TEXT).subarray(0, 50)], { 'content-encoding': 'gzip' }, 400],
  ['deflate cut off', [deflateSync(TEXT).subarray(0, 50)], { 'content-encoding': 'deflate' }, 400],
  ['zstd cut off', [zstdCompressSync(TEXT).subarray(0, 20)], { 'content-encoding': 'zstd' }, 400],
  ['not zstd', [TEXT], { 'content-encoding': 'zstd' }, 400],
  ['nothing instead of gzip', [], { 'content-encoding': 'gzip' }, 400],
  ['an encoding not known', [TEXT], { 'content-encoding': 'br' }, 415],
  ['a name every object has', [TEXT], { 'content-encoding': 'constructor' }, 415]
] as const)
  test(`${name}: ${status}`, async () => {
    assert.equal((await post(chunks, headers)).statusCode, status)
    await assert.rejects(received, RequestError)
    assert.equal(credits.used, 0)
  })

test('no credits: 503 with Retry-After, as announced, as it comes, and as it unfolds', async () => {
  const held = credits.tryTake(POOL_BYTES - 1000)!
  for (const [body, headers] of [
    [TEXT, { 'content-length': TEXT.length }],
    [TEXT, {}],
    [gzipSync(TEXT), { 'content-encoding': 'gzip' }]
  ] as const) {
    const response = await post([body], headers)
    assert.deepEqual([response.statusCode, response.headers['retry-after']], [503, '3'])
    assert.equal(credits.used, held.bytes)
  }
  held.release()
})

test('a client that goes away mid-body leaves nothing behind', async () => {
  const { port } = server.address() as AddressInfo
  const outgoing = request({ port, method: 'POST', headers: { 'content-length': 5000 } }).on('error', () => {})
  const arrived = once(server, 'request')
  outgoing.write(Buffer.alloc(100))
  await arrived
  outgoing.destroy()
  await assert.rejects(received, { status: 400, message: 'the connection ended before the body did' })
  assert.equal(credits.used, 0)
})

test('regression: clients that announce much and send nothing held credits', async () => {
  const { port } = server.address() as AddressInfo
  const stalled = request({ port, method: 'POST', headers: { 'content-length': MAX_BYTES }, agent: false })
  stalled.on('error', () => {})
  stalled.flushHeaders()
  await once(server, 'request')
  assert.equal(credits.used, 0)
  stalled.destroy()
  await assert.rejects(received, { status: 400 })
})
