import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { after, it } from 'node:test'
import type { EventBlock } from 'weir/plugin'
import { contractOf } from 'weir/plugin/contract'
import { testConfig, testContext } from 'weir/plugin/testing'
import plugin from './webhook.ts'

const BLOCK: EventBlock = {
  type: 'events',
  length: 1,
  time: Float64Array.of(1_700_000_000_000),
  name: ['signup'],
  id: [undefined],
  attributes: [[['plan', 'pro']]],
  value: Float64Array.of(1)
}

let status = 200
let body: unknown
const server = createServer(async (request, response) => {
  body = await json(request)
  response.writeHead(status).end()
}).listen(0, '127.0.0.1')
after(() => server.close())
await once(server, 'listening')
const config = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` }

for (const { name, check } of contractOf(plugin, { config })) it(name, check)

it('posts events, and says which answers are worth another try', async () => {
  const exporter = plugin.create(testConfig(plugin, config), testContext())
  const send = () => exporter.export(BLOCK, AbortSignal.timeout(5000))

  await send()
  assert.deepEqual(body, [{ name: 'signup', time: '2023-11-14T22:13:20.000Z', value: 1, attributes: { plan: 'pro' } }])
  for (const [answer, retryable] of [
    [503, true],
    [429, true],
    [400, false]
  ] as const) {
    status = answer
    await assert.rejects(send(), { name: 'ExportError', retryable, reason: 'rejected_by_webhook' })
  }
})
