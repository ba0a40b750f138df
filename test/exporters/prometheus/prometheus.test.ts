import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceAccess } from '../../../core/http/access/service-access.ts'
import { PrometheusExporter } from '../../../exporters/prometheus/exporter.ts'
import plugin from '../../../exporters/prometheus/index.ts'
import { type Distribution, type Metric, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { eventually } from '../../e2e/eventually.ts'
import { filesOf, makeAuthority, makeCertificate } from '../../servers/certificates.ts'
import { prometheusProgram, startPrometheus } from '../../servers/prometheus.ts'

const program = await prometheusProgram()
const T = Date.now()

const METRIC = { unit: '', description: 'Help', temporality: 'cumulative' } as const
const POINTS: readonly (readonly [Metric, number | Distribution])[] = [
  [{ ...METRIC, name: 'jobs', kind: 'counter' }, 2 ** 53],
  [{ ...METRIC, name: 'ratio', kind: 'gauge', temporality: 'unspecified' }, 1 / 3],
  [{ ...METRIC, name: 'negative', kind: 'up_down_counter' }, Number.NEGATIVE_INFINITY],
  [
    { ...METRIC, name: 'wait', kind: 'histogram', unit: 's' },
    { kind: 'histogram', count: 6, sum: 9.5, min: Number.NaN, max: Number.NaN, bounds: [0.5, 1], counts: [1, 2, 3] }
  ],
  [
    { ...METRIC, name: 'native', kind: 'exponential_histogram' },
    {
      kind: 'exponential_histogram',
      count: 7,
      sum: 20,
      min: Number.NaN,
      max: Number.NaN,
      scale: 2,
      zeroCount: 0,
      zeroThreshold: 0,
      positive: { offset: -3, counts: [2, 0, 4] },
      negative: { offset: 5, counts: [1] }
    }
  ]
]

const STORED = {
  jobs_total: 2 ** 53,
  ratio: 1 / 3,
  negative: Number.NEGATIVE_INFINITY,
  'wait_seconds_bucket{le="0.5"}': 1,
  'wait_seconds_bucket{le="1.0"}': 3,
  'wait_seconds_bucket{le="+Inf"}': 6,
  wait_seconds_sum: 9.5,
  wait_seconds_count: 6
}

for (const [name, flags, native] of [
  // By `le` a quantile is interpolated in the bucket (2^(-1/4), 1].
  ['OpenMetrics', [], { native_count: 7, 'native_bucket{le="1.0"}': 7 }],
  [
    'protobuf',
    ['--enable-feature=native-histograms'],
    {
      'histogram_count(native)': 7,
      'histogram_sum(native)': 20,
      'histogram_fraction(0, 1, native) * 7': 6,
      'histogram_fraction(-3, 0, native) * 7': 1
    }
  ]
] as const)
  test(`Prometheus that scrapes ${name} has the exposed values`, { skip: program.skip }, async t => {
    const context = testContext('prometheus')
    context.clock.advance(T - context.clock.now())
    const exporter = new PrometheusExporter(testConfig(plugin, { endpoint: '127.0.0.1:0' }), context)
    await exporter.start()
    t.after(() => exporter.stop(AbortSignal.abort()))
    const block = new PointBlockBuilder()
    for (const [metric, value] of POINTS) {
      const series = context.series.intern(metric, [['a', 'ü"\\']])
      if (typeof value === 'number') block.add(series, T, value, T - 60_000)
      else block.addDistribution(series, T, value, T - 60_000)
    }
    await exporter.export(block.build())
    const targets = `[{ targets: ['${exporter.address}'] }]`
    const jobs = `scrape_configs: [{ job_name: weir, scrape_interval: 300ms, scrape_timeout: 300ms, static_configs: ${targets} }]\n`
    const server = await startPrometheus(program.path, jobs, flags)
    t.after(() => server.stop())
    await eventually('a scrape', async () => (await server.query('up', Date.now()))[0]?.value === 1)
    for (const [query, want] of Object.entries({ ...STORED, ...native })) {
      const [found] = await server.query(query, Date.now())
      assert.ok(found !== undefined, query)
      assert.ok(found.value === want || Math.abs(found.value - want) < 1e-9, `${query} is ${found.value}, not ${want}`)
      assert.equal(found.metric.a, 'ü"\\', query)
    }
  })

test('Prometheus scrapes by TLS and a token, and gets nothing without the token', { skip: program.skip }, async t => {
  const authority = await makeAuthority()
  const { certificate, key } = await makeCertificate(authority)
  const file = filesOf(t, { ca: authority.certificate, cert: certificate, key })
  const context = testContext('prometheus')
  const { log, clock, series } = context
  const authenticators = { ops: { bearer: { tokens: [{ token: 'secret' }] } } }
  const access = new ServiceAccess({ authenticators }, { log, clock, series, thread: 0, threads: 1 })
  const options = { endpoint: '127.0.0.1:0', auth: 'ops', tls: { cert_file: file('cert'), key_file: file('key') } }
  const exporter = new PrometheusExporter(testConfig(plugin, options), { ...context, access })
  await exporter.start()
  t.after(() => exporter.stop(AbortSignal.abort()))
  const job = (name: string, more: string) =>
    `{ job_name: ${name}, scheme: https, scrape_interval: 300ms, scrape_timeout: 300ms, tls_config: { ca_file: ${file('ca')} }, static_configs: [{ targets: ['${exporter.address}'] }]${more} }`
  const jobs = [job('known', ', authorization: { credentials: secret }'), job('unknown', '')]
  const server = await startPrometheus(program.path, `scrape_configs: [${jobs.join()}]\n`)
  t.after(() => server.stop())
  const up = async (name: string) => (await server.query(`up{job="${name}"}`, Date.now()))[0]?.value
  await eventually('a scrape with the token', async () => (await up('known')) === 1)
  await eventually('a scrape without it', async () => (await up('unknown')) === 0)
  assert.ok(context.counters.get('refused_requests_total')! > 0)
})
