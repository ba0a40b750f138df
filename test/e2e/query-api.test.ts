import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ViewOptions
} from '@opentelemetry/sdk-metrics'
import { startVictoriaMetrics, victoriaMetricsProgram } from '../servers/victoria-metrics.ts'
import { eventually } from './eventually.ts'
import { replayGrafana } from './grafana-requests.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const { path, skip } = await victoriaMetricsProgram()

const configTo = (victoriaMetrics: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  http: { endpoint: 127.0.0.1:0 }
processors:
  windowed_counter: { windows: [1s] }
exporters:
  clickhouse: { embedded: ./data/clickhouse }
  victoriametrics: { endpoint: ${victoriaMetrics}/api/v1/write }
extensions:
  query_api: { endpoint: 127.0.0.1:0, store: clickhouse }
  query_api/victoriametrics: { endpoint: 127.0.0.1:0, path_prefix: /vm, forward: { endpoint: ${victoriaMetrics} } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  extensions: [query_api, query_api/victoriametrics]
  pipelines:
    metrics: { receivers: [otlp], exporters: [clickhouse, victoriametrics] }
    events: { receivers: [http], processors: [windowed_counter], exporters: [clickhouse, victoriametrics] }
`

/** Queries whose meaning VictoriaMetrics and Prometheus share, of names that were translated. */
const QUERIES = [
  'http_requests_total',
  'sum by (http_route) (http_requests_total)',
  'http_requests_total{http_route=~"/c.*", job="shop"}',
  'sum without (instance) (http_requests_total) > bool 5',
  'queue_size{queue="a"} * 2 - 1',
  'http_server_duration_seconds_count',
  'http_server_duration_seconds_sum',
  'sum by (le) (http_server_duration_seconds_bucket)',
  'histogram_quantile(0.5, sum by (le) (http_server_duration_seconds_bucket))',
  'target_info',
  'http_requests_total * on (job, instance) group_left (cloud_region) target_info',
  'topk(1, http_requests_total)',
  'count({__name__=~"http_.*"})',
  'absent(nothing)',
  'label_replace(queue_size, "short", "$1", "queue", "(.).*")',
  'signup_total',
  'signup{window="1s"}'
]

test('the same query has the same result, whichever store answers', { skip }, async t => {
  const server = await startVictoriaMetrics(path)
  t.after(() => server.stop())
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(configTo(server.url))
  await record(weir.otlp)
  const event = JSON.stringify({ name: 'signup', attributes: { plan: 'pro' } })
  await fetch(weir.events, { method: 'POST', headers: { 'content-type': 'application/json' }, body: event })
  const [clickhouse, victoriametrics] = ['', '/vm'].map(prefix => (query: string) => ask(weir, prefix, query))
  await eventually('all is stored', async () => {
    await server.flush()
    return (await Promise.all([clickhouse, victoriametrics].map(own => own('signup_total')))).every(isSome)
  })
  for (const query of QUERIES) {
    const [one, other] = await Promise.all([clickhouse(query), victoriametrics(query)])
    assert.ok(one.length > 0, `${query} has a result`)
    assert.deepEqual(one, other, query)
  }
  await ownNames(clickhouse)
  await replayGrafana(urlOf(weir, ''))
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

const isSome = (result: unknown[]) => result.length > 0

/** OpenTelemetry's own names, in quotes. */
async function ownNames(ask: (query: string) => Promise<unknown[]>): Promise<void> {
  assert.deepEqual(await ask('sum({"http.requests"})'), await ask('sum(http_requests_total)'))
  assert.deepEqual(await ask('{"queue.size", queue="a"}'), await ask('queue_size{queue="a"}'))
}

/** One export of an OpenTelemetry SDK. */
async function record(url: string): Promise<void> {
  const exporter = new OTLPMetricExporter({ url })
  const resource = resourceFromAttributes({
    'service.name': 'shop',
    'service.instance.id': 'one',
    'cloud.region': 'north'
  })
  const views: ViewOptions[] = [
    {
      instrumentName: 'http.server.duration',
      aggregation: { type: AggregationType.EXPLICIT_BUCKET_HISTOGRAM, options: { boundaries: [0.1, 1, 10] } }
    }
  ]
  const readers = [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })]
  const provider = new MeterProvider({ resource, readers, views })
  const meter = provider.getMeter('shop')
  const requests = meter.createCounter('http.requests')
  for (const [route, count] of [
    ['/cart', 4],
    ['/checkout', 7],
    ['/home', 2]
  ] as const)
    requests.add(count, { 'http.route': route })
  const queue = meter.createGauge('queue.size')
  queue.record(3, { queue: 'a' })
  queue.record(5.5, { queue: 'b' })
  const durations = meter.createHistogram('http.server.duration', { unit: 's' })
  for (const value of [0.05, 0.5, 0.7, 3, 20]) durations.record(value, { 'http.route': '/cart' })
  await provider.forceFlush()
  await provider.shutdown()
}

/** Labels and values of an instant query, sorted. Values have the digits that VictoriaMetrics keeps. */
async function ask(weir: Weir, prefix: string, query: string): Promise<unknown[]> {
  const response = await fetch(`${urlOf(weir, prefix)}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query })
  })
  const { data, error } = (await response.json()) as { error?: string; data: { result: Sample[] } }
  assert.equal(error, undefined, query)
  return data.result
    .map(({ metric, value }) => [sorted(metric), Number(Number(value[1]).toPrecision(9))])
    .sort(([a], [b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
}

/** The URL of the API with this path prefix. */
function urlOf(weir: Weir, prefix: string): string {
  const urls = weir.stdout.match(/(?<=Prometheus API on )\S+/g)!
  return urls.find(url => url.endsWith('/vm') === (prefix === '/vm'))!
}

interface Sample {
  readonly metric: Record<string, string>
  readonly value: readonly [number, string]
}

const sorted = (labels: Record<string, string>) => Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
