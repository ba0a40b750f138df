import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { readPieces } from '../../../core/http/pieces.ts'
import { RequestError } from '../../../core/http/request-error.ts'

const MAX_BYTES = 100_000

/** A server that answers with the length of a body, or with the error. */
async function running(t: TestContext) {
  const seen: Buffer[] = []
  const errors: RequestError[] = []
  const server = createServer(async (request, response) => {
    seen.length = 0
    try {
      await readPieces(request, { maxBytes: MAX_BYTES, option: 'max_body_size' }, piece => {
        if (piece.includes('!')) throw new RequestError(400, 'no')
        seen.push(piece)
      })
      response.end(String(Buffer.concat(seen).length))
    } catch (error) {
      errors.push(error as RequestError)
      response.writeHead((error as RequestError).status).end((error as Error).message)
    }
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const post = async (body: string | Uint8Array<ArrayBuffer> | ReadableStream, encoding = 'identity') => {
    const init = { method: 'POST', body, headers: { 'content-encoding': encoding }, duplex: 'half' }
    const response = await fetch(`http://127.0.0.1:${port}`, init as RequestInit)
    return [response.status, await response.text()]
  }
  return { seen, errors, port, post }
}

test('a body comes in pieces, decompressed', async t => {
  const { post, seen } = await running(t)
  const text = 'x'.repeat(90_000)
  assert.deepEqual(await post(text), [200, '90000'])
  assert.ok(seen.length > 1)
  assert.deepEqual(await post(new Uint8Array(gzipSync(text)), 'gzip'), [200, '90000'])
  assert.deepEqual(await post(''), [200, '0'])
})

test('bodies that are too large, damaged or unwanted are answered', async t => {
  const { post } = await running(t)
  const chunked = new ReadableStream({
    pull(stream) {
      stream.enqueue(Buffer.alloc(30_000, 'x'))
    }
  })
  assert.equal((await post('x'.repeat(MAX_BYTES + 1)))[0], 413)
  assert.equal((await post(new Uint8Array(gzipSync('x'.repeat(MAX_BYTES + 1))), 'gzip'))[0], 413)
  assert.equal((await post(chunked).catch(() => [413]))[0], 413)
  assert.deepEqual(await post('a!'), [400, 'no'])
  assert.deepEqual(await post(new Uint8Array(gzipSync('a!')), 'gzip'), [400, 'no'])
  const [status, message] = await post('no gzip', 'gzip')
  assert.equal(status, 400)
  assert.match(String(message), /the body is not gzip/)
  assert.equal((await post(new Uint8Array(gzipSync('x'.repeat(999)).subarray(0, 20)), 'gzip'))[0], 400)
  assert.equal((await post('x', 'br'))[0], 415)
})

for (const encoding of ['identity', 'gzip'])
  test(`a connection that breaks off is an error, ${encoding}`, async t => {
    const { errors, port } = await running(t)
    const socket = connect(port, '127.0.0.1')
    const body = encoding === 'gzip' ? gzipSync('x'.repeat(999)).subarray(0, 12) : Buffer.from('x')
    socket.write(`POST / HTTP/1.1\r\nhost: a\r\ncontent-encoding: ${encoding}\r\ncontent-length: 1000\r\n\r\n`)
    socket.write(body, () => setImmediate(() => socket.destroy()))
    while (errors.length === 0) await new Promise(setImmediate)
    assert.deepEqual([errors[0].status, errors[0].message], [400, 'the connection ended before the body did'])
  })
