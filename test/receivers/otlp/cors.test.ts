import assert from 'node:assert/strict'
import { test } from 'node:test'
import { running } from './harness.ts'

const SHOP = 'https://shop.example.com'
const METRICS = JSON.stringify({
  resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'a', gauge: { dataPoints: [{ asInt: 1 }] } }] }] }]
})
const LOGS = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: 'a' }] }] }] })

function post(url: string, body: string, type: string, origin: string): Promise<Response> {
  return fetch(url, { method: 'POST', body, headers: { 'content-type': type, origin } })
}

test('pages of allowed origins may send both signals, after asking and without', async t => {
  const { url, blocks } = await running(t, { cors_allowed_origins: [SHOP] })
  for (const [path, body] of [
    ['/v1/metrics', METRICS],
    ['/v1/logs', LOGS]
  ]) {
    const target = new URL(path, url).href
    const asked = await fetch(target, { method: 'OPTIONS', headers: { origin: SHOP } })
    assert.deepEqual([asked.status, asked.headers.get('access-control-allow-origin')], [204, SHOP])
    for (const type of ['application/json', 'text/plain;charset=UTF-8']) {
      const { status, headers } = await post(target, body, type, SHOP)
      assert.deepEqual([status, headers.get('access-control-allow-origin')], [200, SHOP], type)
      assert.equal(headers.get('access-control-expose-headers'), 'retry-after')
    }
    const other = await post(target, body, 'text/plain', 'https://evil.example')
    assert.equal(other.status, 403)
    assert.match(await other.text(), /add it to cors_allowed_origins/)
  }
  assert.equal(blocks.length, 4)
})

test('without allowed origins text is no OTLP, and browsers are told nothing', async t => {
  const { url, blocks } = await running(t)
  assert.equal((await post(url, METRICS, 'text/plain', SHOP)).status, 415)
  const asked = await fetch(url, { method: 'OPTIONS', headers: { origin: SHOP } })
  assert.deepEqual([asked.status, asked.headers.get('access-control-allow-origin')], [405, null])
  assert.equal(blocks.length, 0)
})
