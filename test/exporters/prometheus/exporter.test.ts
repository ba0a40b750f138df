import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { type TestContext as NodeTest, test } from 'node:test'
import { ServiceAccess } from '../../../core/http/access/service-access.ts'
import { parseEndpoint } from '../../../core/http/endpoint.ts'
import { DEFAULT_TENANT_LIMITS } from '../../../core/http/tenants/config.ts'
import { PrometheusExporter } from '../../../exporters/prometheus/exporter.ts'
import plugin from '../../../exporters/prometheus/index.ts'
import {
  type Distribution,
  FLAG_NO_RECORDED_VALUE,
  type Metric,
  PointBlockBuilder,
  type Resource
} from '../../../sdk/plugin/index.ts'
import { type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { decodeFamilies } from '../../core/wire/exposition/metric-family.ts'

const T = 1_700_000_000_000
const SHOP: Resource = {
  attributes: [
    ['host.name', 'h1'],
    ['service.name', 'shop']
  ],
  schemaUrl: ''
}
const metric = (name: string, more: Partial<Metric> = {}): Metric => ({
  name,
  unit: '',
  description: '',
  kind: 'gauge',
  temporality: 'unspecified',
  ...more
})
const COUNTER = metric('jobs', { kind: 'counter', temporality: 'cumulative', description: 'Jobs\ndone "well"' })
const DELTA = metric('orders', { kind: 'counter', temporality: 'delta' })

interface Sent {
  readonly metric: Metric
  readonly value?: number
  readonly distribution?: Distribution
  readonly attributes?: readonly (readonly [string, string])[]
  readonly resource?: Resource
  readonly time?: number
  readonly start?: number
  readonly flags?: number
}

async function running(t: NodeTest, options: object = {}, context: TestContext = testContext('prometheus')) {
  const exporter = new PrometheusExporter(testConfig(plugin, { endpoint: '127.0.0.1:0', ...options }), context)
  await exporter.start()
  t.after(() => exporter.stop(AbortSignal.abort()))
  const send = async (...points: readonly Sent[]) => {
    const block = new PointBlockBuilder()
    for (const {
      metric,
      value = 0,
      distribution,
      attributes = [],
      resource,
      time = T,
      start = 0,
      flags = 0
    } of points) {
      const series = context.series.intern(metric, attributes, resource)
      if (distribution === undefined) block.add(series, time, value, start, flags)
      else block.addDistribution(series, time, distribution, start, flags)
    }
    await exporter.export(block.build())
  }
  const get = (accept = '', path = '/metrics', method = 'GET') =>
    fetch(`http://${exporter.address}${path}`, { method, headers: { accept } })
  const scrape = async (accept?: string) => (await get(accept)).text()
  return { exporter, context, send, get, scrape }
}

const OPEN_METRICS = 'application/openmetrics-text;version=1.0.0'
const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'
const EVERYTHING: readonly Sent[] = [
  { metric: COUNTER, value: 7, start: T - 1500, attributes: [['a.b', 'x"\\\ny']], resource: SHOP },
  { metric: metric('size', { unit: 'By' }), value: -0.5 },
  {
    metric: metric('wait', { kind: 'histogram', temporality: 'cumulative', unit: 's' }),
    start: T - 2000,
    distribution: {
      kind: 'histogram',
      count: 6,
      sum: 9,
      min: Number.NaN,
      max: Number.NaN,
      bounds: [0.5, 1],
      counts: [1, 2, 3]
    }
  },
  {
    metric: metric('rpc', { kind: 'summary' }),
    distribution: { kind: 'summary', count: 3, sum: 4, quantiles: [{ quantile: 0.5, value: 1 }] }
  },
  {
    metric: metric('native', { kind: 'exponential_histogram', temporality: 'cumulative' }),
    distribution: {
      kind: 'exponential_histogram',
      count: 8,
      sum: 20,
      min: Number.NaN,
      max: Number.NaN,
      scale: 0,
      zeroCount: 1,
      zeroThreshold: 0,
      positive: { offset: 1, counts: [2, 0, 4] },
      negative: { offset: 0, counts: [1] }
    }
  }
]

test('text 0.0.4', async t => {
  const { send, get } = await running(t)
  await send(...EVERYTHING)
  const response = await get('text/plain')
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.equal(
    await response.text(),
    `# HELP jobs_total Jobs\\ndone "well"
# TYPE jobs_total counter
jobs_total{a_b="x\\"\\\\\\ny",job="shop"} 7
# HELP target_info Target metadata
# TYPE target_info gauge
target_info{host_name="h1",job="shop"} 1
# TYPE size_bytes gauge
size_bytes -0.5
# TYPE wait_seconds histogram
wait_seconds_bucket{le="0.5"} 1
wait_seconds_bucket{le="1.0"} 3
wait_seconds_bucket{le="+Inf"} 6
wait_seconds_sum 9
wait_seconds_count 6
# TYPE rpc summary
rpc{quantile="0.5"} 1
rpc_sum 4
rpc_count 3
# TYPE native histogram
native_bucket{le="-2.0"} 0
native_bucket{le="-1.0"} 1
native_bucket{le="0.0"} 2
native_bucket{le="2.0"} 2
native_bucket{le="4.0"} 4
native_bucket{le="8.0"} 4
native_bucket{le="16.0"} 8
native_bucket{le="+Inf"} 8
native_sum 20
native_count 8
`
  )
})

test('OpenMetrics 1.0', async t => {
  const { send, get } = await running(t)
  await send(...EVERYTHING)
  const response = await get(OPEN_METRICS)
  assert.equal(response.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  const text = await response.text()
  for (const part of [
    '# TYPE target info\n# HELP target Target metadata\ntarget_info{host_name="h1",job="shop"} 1\n',
    '# TYPE jobs counter\n# HELP jobs Jobs\\ndone \\"well\\"\njobs_total{a_b="x\\"\\\\\\ny",job="shop"} 7\n' +
      'jobs_created{a_b="x\\"\\\\\\ny",job="shop"} 1699999998.5\n',
    '# TYPE wait_seconds histogram\n# UNIT wait_seconds seconds\n',
    'wait_seconds_count 6\nwait_seconds_created 1699999998\n'
  ])
    assert.ok(text.includes(part), `${part}\nis not in\n${text}`)
  assert.ok(text.endsWith('native_count 8\n# EOF\n'))
})

test('protobuf, with native histograms', async t => {
  const { send, get } = await running(t)
  await send(...EVERYTHING)
  const response = await get(PROTOBUF)
  const families = decodeFamilies(new Uint8Array(await response.arrayBuffer()))
  const histogram = { sampleSum: 20, sampleCount: 8, schema: 0, zeroThreshold: 0, zeroCount: 1 }
  const others = families.filter(({ name }) => name !== 'target_info')
  assert.deepEqual(others, [
    {
      name: 'jobs_total',
      help: 'Jobs\ndone "well"',
      type: 0,
      metric: [
        {
          label: [
            { name: 'a_b', value: 'x"\\\ny' },
            { name: 'job', value: 'shop' }
          ],
          counter: { value: 7, createdTimestamp: { seconds: 1699999998, nanos: 500_000_000 } }
        }
      ]
    },
    { name: 'size_bytes', type: 1, metric: [{ gauge: { value: -0.5 } }], unit: 'bytes' },
    {
      name: 'wait_seconds',
      type: 4,
      metric: [
        {
          histogram: {
            sampleCount: 6,
            sampleSum: 9,
            bucket: [
              { cumulativeCount: 1, upperBound: 0.5 },
              { cumulativeCount: 3, upperBound: 1 },
              { cumulativeCount: 6, upperBound: Number.POSITIVE_INFINITY }
            ],
            createdTimestamp: { seconds: 1699999998, nanos: 0 }
          }
        }
      ],
      unit: 'seconds'
    },
    {
      name: 'rpc',
      type: 2,
      metric: [{ summary: { sampleCount: 3, sampleSum: 4, quantile: [{ quantile: 0.5, value: 1 }] } }]
    },
    {
      name: 'native',
      type: 4,
      metric: [
        {
          histogram: {
            ...histogram,
            // OpenTelemetry's bucket 1 begins at 2, where Prometheus' bucket 1 ends.
            positiveSpan: [
              { offset: 2, length: 1 },
              { offset: 1, length: 1 }
            ],
            positiveDelta: [2, 2],
            negativeSpan: [{ offset: 1, length: 1 }],
            negativeDelta: [1]
          }
        }
      ]
    }
  ])
})

test('native histograms finer than Prometheus has them are made coarser, without a loss of counts', async t => {
  const { send, get } = await running(t)
  const { distribution, ...rest } = EVERYTHING[4]
  const positive = { offset: -3, counts: [1, 2, 3, 0, 5] }
  await send({ ...rest, distribution: { ...distribution, scale: 9, positive } as Distribution })
  const [{ metric }] = decodeFamilies(new Uint8Array(await (await get(PROTOBUF)).arrayBuffer()))
  const [{ histogram }] = metric as { histogram: Record<string, unknown> }[]
  assert.equal(histogram.schema, 8)
  assert.deepEqual(histogram.positiveSpan, [{ offset: -1, length: 3 }])
  assert.deepEqual(histogram.positiveDelta, [1, 4, 0])
})

for (const [accept, type] of [
  ['', 'text/plain'],
  ['*/*', 'text/plain'],
  ['application/json', 'text/plain'],
  ['text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.8', 'application/openmetrics-text'],
  ['application/openmetrics-text;version=1.0.0;q=0.1,text/plain;q=0.5', 'text/plain'],
  ['application/openmetrics-text;version=9.0.0,text/plain;q=0.5', 'text/plain'],
  [`${PROTOBUF};q=0.6,application/openmetrics-text;q=0.5`, 'application/vnd.google.protobuf'],
  [`application/openmetrics-text,${PROTOBUF}`, 'application/vnd.google.protobuf'],
  ['application/vnd.google.protobuf;proto=other;encoding=delimited', 'text/plain']
])
  test(`"${accept}" is answered with ${type}`, async t => {
    const { get } = await running(t)
    assert.equal((await get(accept)).headers.get('content-type')!.split(';')[0], type)
  })

test('the latest point of a series counts, whichever comes last', async t => {
  const { send, scrape } = await running(t)
  await send({ metric: metric('g'), value: 2, time: T }, { metric: metric('g'), value: 1, time: T - 1 })
  assert.match(await scrape(), /^g 2$/m)
  await send({ metric: metric('g'), value: 3, time: T })
  assert.match(await scrape(), /^g 3$/m)
})

test('increments are added up, late ones too, and over a restart', async t => {
  const first = await running(t)
  await first.send({ metric: DELTA, value: 2, time: T, start: T - 1000 }, { metric: DELTA, value: 3, time: T - 5000 })
  assert.match(await first.scrape(OPEN_METRICS), /^orders_total 5\norders_created 1699999999$/m)
  const context = testContext('prometheus')
  const second = await running(t, {}, context)
  second.exporter.restore(first.exporter.snapshot())
  assert.match(await second.scrape(), /^orders_total 5$/m)
  await second.send({ metric: DELTA, value: 10 })
  assert.match(await second.scrape(), /^orders_total 15$/m)
})

test('increments of histograms are added up bucket by bucket', async t => {
  const { send, scrape, exporter } = await running(t)
  const waits = metric('wait', { kind: 'histogram', temporality: 'delta' })
  const distribution = { kind: 'histogram', count: 3, sum: 2, min: 0, max: 2, bounds: [1], counts: [1, 2] } as const
  await send({ metric: waits, distribution }, { metric: waits, distribution, time: T + 1 })
  const want = 'wait_bucket{le="1.0"} 2\nwait_bucket{le="+Inf"} 6\nwait_sum 4\nwait_count 6\n'
  assert.ok((await scrape()).includes(want))
  const second = await running(t)
  second.exporter.restore(exporter.snapshot())
  assert.ok((await second.scrape()).includes(want))
})

test('series of the same name and labels are one: increments of both count', async t => {
  const { send, scrape } = await running(t)
  const other: Resource = { attributes: [['host.name', 'h2']], schemaUrl: '' }
  await send({ metric: DELTA, value: 1 }, { metric: DELTA, value: 2, resource: other })
  assert.match(await scrape(), /^orders_total 3$/m)
})

test('a silent series expires, and begins anew', async t => {
  const { send, scrape, context } = await running(t, { metric_expiration: '1m' })
  await send({ metric: DELTA, value: 1 }, { metric: metric('g'), value: 1, resource: SHOP })
  context.clock.advance(40_000)
  await send({ metric: DELTA, value: 1 })
  context.clock.advance(30_000)
  const text = await scrape()
  assert.match(text, /^orders_total 2$/m)
  assert.doesNotMatch(text, /^(g|target_info)/m)
  context.clock.advance(60_001)
  assert.equal(await scrape(), '')
  await send({ metric: DELTA, value: 1 })
  assert.match(await scrape(), /^orders_total 1$/m)
})

test('regression: series that shared a place and expired were counted twice', async t => {
  const { send, scrape, context } = await running(t, { metric_expiration: '1m', max_series: 1 })
  const other: Resource = { attributes: [['host.name', 'h2']], schemaUrl: '' }
  await send({ metric: DELTA, value: 1 })
  context.clock.advance(70_000)
  await send({ metric: DELTA, value: 1, resource: other })
  await send({ metric: DELTA, value: 1 })
  assert.match(await scrape(), /^orders_total 2$/m)
  context.clock.advance(70_000)
  await scrape()
  await send({ metric: metric('g'), value: 1 })
  assert.equal(context.account.droppedTotal, 0)
})

test('a stale marker ends its series', async t => {
  const { send, scrape } = await running(t)
  await send({ metric: COUNTER, value: 7 }, { metric: metric('g'), value: 1 })
  await send({ metric: COUNTER, flags: FLAG_NO_RECORDED_VALUE })
  assert.equal(await scrape(), '# TYPE g gauge\ng 1\n')
})

test('points of more series than max_series, or of another type than their name has, are dropped', async t => {
  const { send, context } = await running(t, { max_series: 1 })
  await send({ metric: metric('g'), value: 1 })
  await send(
    { metric: metric('h'), value: 1 },
    { metric: metric('g', { kind: 'histogram', temporality: 'cumulative' }) }
  )
  assert.deepEqual(Object.fromEntries(context.account.dropped), { too_many_series: 1, metric_type_conflict: 1 })
})

test('const_labels are added, and do not replace others', async t => {
  const { send, scrape } = await running(t, { const_labels: { zone: 'a', b: 'c' } })
  await send({ metric: metric('g'), value: 1, attributes: [['b', 'own']] })
  assert.match(await scrape(), /^g\{b="own",zone="a"\} 1$/m)
})

test('a family of very many series is exposed in steps, whole', async t => {
  const { send, scrape, get } = await running(t)
  await send(
    ...Array.from({ length: 2000 }, (_, i) => ({ metric: metric('g'), value: i, attributes: [['i', `${i}`]] as const }))
  )
  assert.equal((await scrape()).split('\n').length, 2002)
  const [family, ...others] = decodeFamilies(new Uint8Array(await (await get(PROTOBUF)).arrayBuffer()))
  assert.deepEqual([(family.metric as unknown[]).length, others], [2000, []])
})

test('other paths and methods are refused', async t => {
  const { get } = await running(t)
  assert.equal((await get('', '/')).status, 404)
  assert.equal((await get('', '/metrics', 'POST')).status, 405)
  assert.equal((await get('', '/metrics?x=y')).status, 200)
})

test('a request whose target is no path is answered, and does not end the process', async t => {
  const { exporter } = await running(t)
  const { host, port } = parseEndpoint(exporter.address)
  for (const target of ['//', 'http://[', '//:x/metrics']) {
    const socket = connect(port, host).end(`GET ${target} HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n`)
    assert.match(await text(socket), /^HTTP\/1.1 404 /)
  }
  assert.equal((await fetch(`http://${exporter.address}/metrics?name=up`)).status, 200)
})

test('with auth, only a scraper with credentials sees anything; refusals are counted, and are no scrapes', async t => {
  const context = testContext('prometheus')
  const { log, clock, series } = context
  const authenticators = { ops: { bearer: { tokens: [{ token: 'secret', tenant: 'a' }, { token: 'other' }] } } }
  const tenants = { over_limit_status: 429, limits: DEFAULT_TENANT_LIMITS, overrides: {} } as const
  const access = new ServiceAccess({ authenticators, tenants }, { log, clock, series, thread: 0, threads: 1 })
  const { exporter, send } = await running(t, { auth: 'ops' }, { ...context, access })
  await send({ metric: metric('size'), value: 3 })
  const get = (authorization?: string, path = '/metrics', method = 'GET') =>
    fetch(`http://${exporter.address}${path}`, { method, headers: authorization ? { authorization } : {} })
  for (const credentials of [undefined, 'Bearer wrong', 'Basic c2VjcmV0']) {
    const { status, headers } = await get(credentials)
    assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer realm="weir"'])
  }
  assert.equal((await get(undefined, '/elsewhere')).status, 401)
  assert.equal((await get('Bearer secret', '/elsewhere')).status, 404)
  assert.equal((await get('Bearer secret', '/metrics', 'POST')).status, 405)
  // The second is of no tenant, and need not be.
  for (const token of ['secret', 'other']) assert.match(await (await get(`Bearer ${token}`)).text(), /^size 3$/m)
  assert.deepEqual([context.counters.get('refused_requests_total'), context.counters.get('scrapes_total')], [6, 2])
})

test('an address may have only so many connections', async t => {
  const { exporter, context } = await running(t, { max_connections_per_address: 1 })
  const open = () => connect(Number(exporter.address.split(':')[1]), '127.0.0.1')
  const first = open()
  t.after(() => first.destroy())
  await once(first, 'connect')
  const second = open()
    .on('error', () => {})
    .resume()
  await once(second, 'close')
  assert.equal(context.counters.get('refused_connections_total'), 1)
})
