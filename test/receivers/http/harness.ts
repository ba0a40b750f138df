import type { TestContext as NodeTest } from 'node:test'
import plugin from '../../../receivers/http/index.ts'
import { type Answer, HttpReceiver } from '../../../receivers/http/receiver.ts'
import type { Batch, EventBlock } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'

export const JSON_TYPE = 'application/json'

/** A receiver whose batches are settled by `settle`, and a way to post to it. */
export async function running(
  t: NodeTest,
  options: object = {},
  settle = (batch: Batch) => batch.ack(),
  context = testContext('http')
) {
  const receiver = new HttpReceiver(testConfig(plugin, { endpoint: '127.0.0.1:0', ...options }), context)
  const blocks: EventBlock[] = []
  receiver.batches$.subscribe(batch => {
    blocks.push(batch.block as EventBlock)
    settle(batch)
  })
  await receiver.start()
  t.after(() => receiver.stop(new AbortController().signal))
  const url = `http://${receiver.address}/v1/events`
  const post = async (body: unknown, type = JSON_TYPE, headers: Record<string, string> = {}) => {
    const bytes =
      typeof body === 'string' ? body : body instanceof Uint8Array ? new Uint8Array(body) : JSON.stringify(body)
    const response = await fetch(url, { method: 'POST', body: bytes, headers: { 'content-type': type, ...headers } })
    return {
      status: response.status,
      headers: response.headers,
      answer: (await response.json()) as Answer & { error: string }
    }
  }
  return { context, receiver, blocks, url, post }
}
