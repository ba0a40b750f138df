import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { askAdmin } from '../../../core/cli/admin-client.ts'

const TRICKLE_MS = 10
const CHUNK = Buffer.alloc(64 * 1024, 'x')

async function answering(t: TestContext, answer: (response: ServerResponse) => void): Promise<string> {
  const server = createServer((_request, response) => answer(response))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an answer is told with its status, in whatever pieces it comes', async t => {
  const url = await answering(t, async response => {
    response.writeHead(422)
    for (const byte of Buffer.from('grün\n')) {
      response.write(Buffer.of(byte))
      await new Promise(setImmediate)
    }
    response.end()
  })
  assert.deepEqual(await askAdmin(url, '/'), { ok: false, status: 422, text: 'grün\n' })
})

test('regression: an answer that comes byte by byte held up a command for good', async t => {
  const url = await answering(t, response => {
    const timer = setInterval(() => response.write('x'), TRICKLE_MS)
    response.once('close', () => clearInterval(timer))
  })
  await assert.rejects(askAdmin(url, '/', {}, { bytes: 1000, ms: 100 }), {
    code: 'ADMIN_UNREACHABLE',
    message: /^the server at http:.* does not finish its answer within 100ms; --admin sets the address of Weir$/
  })
})

test('regression: an answer was read to its end, however long', async t => {
  let sent = 0
  const url = await answering(t, response => {
    const send = () => {
      while (!response.destroyed && response.write(CHUNK)) sent += CHUNK.length
    }
    response.on('drain', send)
    send()
  })
  await assert.rejects(askAdmin(url, '/', {}, { bytes: 1 << 20, ms: 10_000 }), {
    code: 'ADMIN_UNREACHABLE',
    message: /^the server at http:.* sends more than 1048576 bytes; /
  })
  assert.ok(sent < 32 * 2 ** 20, `${sent} bytes were taken`)
})
