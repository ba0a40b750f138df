import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compress } from '../../core/wire/snappy.ts'
import { writeRequest2 } from '../core/wire/remote-write/proto.ts'
import { freePort } from '../servers/free-port.ts'
import { eventually } from './eventually.ts'
import { Sandbox } from './weir-process.ts'

const V2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

test('exemplars of remote write are there for Grafana', async t => {
  const sandbox = await Sandbox.open(t)
  const endpoint = `127.0.0.1:${await freePort()}`
  const weir = await sandbox.start(config(endpoint))
  const now = Math.floor(Date.now() / 1000) * 1000
  const samples = [{ value: 1, timestamp: now }]
  const series = (route: string, traces: readonly string[]) => ({
    labels: { __name__: 'requests_total', job: 'shop', route },
    samples,
    exemplars: traces.map((id, i) => ({
      labels: Object.entries(labelsOf(id)),
      value: 0.5 + i,
      timestamp: now - 1000 * i
    }))
  })
  const body = new Uint8Array(compress(writeRequest2([series('/a', ['t1', 't2']), series('/b', ['t3'])])))
  const { status, headers } = await fetch(`http://${endpoint}/api/v1/write`, {
    method: 'POST',
    body,
    headers: { 'content-type': V2 }
  })
  assert.deepEqual([status, headers.get('x-prometheus-remote-write-exemplars-written')], [204, '3'])
  const ask = async (query: string, start = now / 1000 - 60, end = now / 1000) => {
    const parameters = new URLSearchParams({ query, start: String(start), end: String(end) })
    const response = await fetch(`${weir.queryApi}/api/v1/query_exemplars`, { method: 'POST', body: parameters })
    return ((await response.json()) as { data: { exemplars: object[] }[] }).data
  }
  const [found] = await eventually('they are stored', async () => {
    const data = await ask('sum(rate(requests_total{route="/a"}[5m])) / sum(rate(requests_total{route="/a"}[5m]))')
    return data.length > 0 && data
  })
  assert.deepEqual(found, {
    seriesLabels: { __name__: 'requests_total', job: 'shop', route: '/a' },
    exemplars: [
      { labels: labelsOf('t2'), value: '1.5', timestamp: now / 1000 - 1 },
      { labels: labelsOf('t1'), value: '0.5', timestamp: now / 1000 }
    ]
  })
  assert.equal((await ask('{job="shop",route=~"/.*"}')).length, 2)
  assert.deepEqual(await ask('requests_total', now / 1000 - 60, now / 1000 - 30), [])
  assert.deepEqual(await ask('other'), [])
  await weir.assertLedger()
})

/** With a name that objects inherit, which once got lost. */
function labelsOf(trace: string): Record<string, string> {
  return Object.fromEntries([
    ['__proto__', 'p'],
    ['trace_id', trace]
  ])
}

function config(endpoint: string): string {
  return `
receivers: { prometheus_remote_write: { endpoint: ${endpoint} } }
exporters: { clickhouse: { embedded: ./clickhouse } }
extensions: { query_api: { endpoint: 127.0.0.1:0, store: clickhouse } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api]
  pipelines:
    points: { receivers: [prometheus_remote_write], exporters: [clickhouse] }
    exemplars: { items: [events], receivers: [prometheus_remote_write], exporters: [clickhouse] }
`
}
