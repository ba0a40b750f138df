import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { it } from 'node:test'
import { contractOf } from 'weir/plugin/contract'
import { testConfig, testContext } from 'weir/plugin/testing'
import plugin from './heartbeat.ts'

for (const { name, check } of contractOf(plugin, { config: { url: 'http://127.0.0.1:1' } })) it(name, check)

it('calls at once and then at each interval, and is degraded while the answer is an error', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  t.after(() => server.close())
  await once(server, 'listening')
  const context = testContext()
  const statuses: string[] = []
  let calls = 0
  server.on('request', () => calls++)
  context.status = state => void statuses.push(state)
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const extension = plugin.create(testConfig(plugin, { url, interval: '10s' }), context)
  const signal = AbortSignal.timeout(5000)

  await extension.start?.(signal)
  for (const [code, status] of [
    [200, 'ok'],
    [503, 'degraded'],
    [204, 'ok']
  ] as const) {
    const [, response] = (await once(server, 'request', { signal })) as [unknown, ServerResponse]
    response.writeHead(code).end()
    while (statuses.at(-1) !== status) {
      signal.throwIfAborted()
      await new Promise(setImmediate)
    }
    context.clock.advance(9_999)
    context.clock.advance(1)
  }
  assert.equal(calls, 3)
  await extension.stop?.(signal)
})
