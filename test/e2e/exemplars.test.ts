import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compress } from '../../core/wire/snappy.ts'
import { attribute, double, fixed64, integer, message, text } from '../core/wire/protobuf/fields.ts'
import { writeRequest2 } from '../core/wire/remote-write/proto.ts'
import { freePort } from '../servers/free-port.ts'
import { eventually } from './eventually.ts'
import { callOtlp, postOtlp } from './otlp-requests.ts'
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

test('exemplars of OTLP are there for Grafana, by the names of their buckets, over HTTP and gRPC', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(otlpConfig())
  const now = Math.floor(Date.now() / 1000) * 1000
  assert.equal((await postOtlp(weir.otlp, histogram('/a', now, 0.7, 't1'))).status, 200)
  assert.equal(await callOtlp(weir.otlpGrpc, histogram('/b', now, 3, 't2')), 0)
  const query = 'histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[5m])))'
  const parameters = new URLSearchParams({ query, start: String(now / 1000 - 60), end: String(now / 1000 + 1) })
  const found = await eventually('they are stored', async () => {
    const response = await fetch(`${weir.queryApi}/api/v1/query_exemplars`, { method: 'POST', body: parameters })
    const { data } = (await response.json()) as { data: { seriesLabels: Record<string, string> }[] }
    return data.length === 2 && data
  })
  const own = (route: string, le: string, trace: string, value: string) => ({
    seriesLabels: { __name__: 'latency_seconds_bucket', job: 'shop', le, route },
    exemplars: [{ labels: { customer: 'c1', trace_id: trace }, value, timestamp: now / 1000 }]
  })
  assert.deepEqual(
    found.toSorted((a, b) => (a.seriesLabels.route < b.seriesLabels.route ? -1 : 1)),
    [own('/a', '1', '7431', '0.7'), own('/b', '+Inf', '7432', '3')]
  )
  assert.equal(await weir.metric('weir_receiver_otlp_written_exemplars_total{component="otlp"}'), 2)
  await weir.assertLedger()
})

/** A histogram of one observation, with its exemplar. @param trace id as a text @param time Unix ms */
function histogram(route: string, time: number, value: number, trace: string): Buffer {
  const nano = BigInt(time) * 1_000_000n
  const exemplar = message(8, fixed64(2, nano), double(3, value), text(5, trace), attribute(7, 'customer', 'c1'))
  const counts = value <= 1 ? [1n, 0n] : [0n, 1n]
  const point = message(
    1,
    fixed64(3, nano),
    fixed64(4, 1n),
    ...counts.map(count => fixed64(6, count)),
    double(7, 1),
    exemplar,
    attribute(9, 'route', route)
  )
  const metric = message(2, text(1, 'latency'), text(3, 's'), message(9, point, integer(2, 2)))
  return message(1, message(1, attribute(1, 'service.name', 'shop')), message(2, metric))
}

/** With a name that objects inherit, which once got lost. */
function labelsOf(trace: string): Record<string, string> {
  return Object.fromEntries([
    ['__proto__', 'p'],
    ['trace_id', trace]
  ])
}

const otlpConfig = () =>
  configOf('otlp', '{ protocols: { http: { endpoint: 127.0.0.1:0 }, grpc: { endpoint: 127.0.0.1:0 } } }')
const config = (endpoint: string) => configOf('prometheus_remote_write', `{ endpoint: ${endpoint} }`)

function configOf(receiver: string, options: string): string {
  return `
receivers: { ${receiver}: ${options} }
exporters: { clickhouse: { embedded: ./clickhouse } }
extensions: { query_api: { endpoint: 127.0.0.1:0, store: clickhouse } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api]
  pipelines:
    points: { receivers: [${receiver}], exporters: [clickhouse] }
    exemplars: { items: [events], receivers: [${receiver}], exporters: [clickhouse] }
`
}
