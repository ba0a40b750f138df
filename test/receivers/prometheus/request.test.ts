import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { NO_CREDENTIALS, Requests } from '../../../receivers/prometheus/request.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

test('an answer that is no success is not read on for as long as its target sends', { timeout: 5000 }, async t => {
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  const server = createServer((_request, response) => {
    response.on('close', resolve).writeHead(500)
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
    }
    response.on('drain', write)
    write()
  }).listen(0, '127.0.0.1')
  t.after(() => server.closeAllConnections())
  t.after(() => server.close())
  await once(server, 'listening')
  const requests = new Requests(NO_CREDENTIALS)
  requests.open()
  t.after(() => requests.close())
  const { port } = server.address() as AddressInfo
  const permit = testContext().credits.tryTake(0)!
  const { signal } = new AbortController()
  await assert.rejects(requests.get(new URL(`http://127.0.0.1:${port}/`), {}, { permit, maxBytes: 0, signal }), {
    message: /answers 500$/
  })
  await ended
})
