import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import {
  type Attribute,
  type ExponentialHistogram,
  FLAG_NO_RECORDED_VALUE,
  type MetricKind,
  NO_RESOURCE,
  PointBlockBuilder,
  type Resource,
  sortAttributes,
  type Temporality
} from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { startVictoriaMetrics, type VictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'

const NEVER = new AbortController().signal
// Whole seconds, some minutes back: within every lookback, and no store finds it in its future.
const T0 = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
const SECOND = 1000

const program = await victoriaMetricsProgram()

describe('VictoriaMetrics', { skip: program.skip }, () => {
  let server: VictoriaMetrics
  before(async () => {
    server = await startVictoriaMetrics(program.path)
  })
  after(() => server?.stop())

  const context = testContext()
  context.clock.advance(Date.now() - context.clock.now())
  const points = (
    name: string,
    kind: MetricKind,
    temporality: Temporality,
    attributes: Record<string, string> = {},
    unit = '',
    resource: Resource = NO_RESOURCE
  ) =>
    context.series.intern(
      { name, unit, description: '', kind, temporality },
      sortAttributes(Object.entries(attributes)),
      resource
    )
  const exporter = (config = {}) =>
    new VictoriaMetricsExporter(testConfig(plugin, { endpoint: `${server.url}/api/v1/write`, ...config }), context)

  async function store(builder: PointBlockBuilder, config = {}): Promise<void> {
    await exporter(config).export(builder.build(), NEVER)
    await server.flush()
  }

  /** `label=value,…` → values, of all series of a name. */
  async function stored(match: string): Promise<Record<string, readonly (number | null)[]>> {
    const series = await server.exportSeries(match)
    return Object.fromEntries(
      series.map(({ metric: { __name__, ...labels }, values }) => [`${__name__}${label(labels)}`, values])
    )
  }

  test('is found by the probe', async () => {
    await exporter().probe(NEVER)
    await assert.rejects(exporter({ endpoint: `${server.url}/nowhere` }).probe(NEVER), { retryable: false })
  })

  test('regression: counts of replicas without an instance id replaced each other, unseen by the ledger', async () => {
    const ofHost = (host: string) => ({
      attributes: [
        ['host.name', host],
        ['service.name', 'replicated']
      ] as const,
      schemaUrl: ''
    })
    const block = new PointBlockBuilder()
    for (const [host, value] of [
      ['a', 3],
      ['b', 5]
    ] as const) {
      block.add(
        points('replicas.delta', 'counter', 'delta', { window: '1s' }, '', ofHost(host)),
        T0,
        value,
        T0 - SECOND
      )
      block.add(points('replicas.gauge', 'gauge', 'unspecified', {}, '', ofHost(host)), T0, value)
    }
    const { account } = context
    const [sent, dropped] = [account.sent, account.droppedTotal]
    await store(block)
    assert.deepEqual(await stored('replicas_delta'), { 'replicas_delta{job="replicated",window="1s"}': [8] })
    assert.deepEqual(await stored('replicas_gauge'), { 'replicas_gauge{job="replicated"}': [5] })
    assert.equal(account.dropped.get('same_time'), 1)
    // The sending queue books the whole block as sent.
    assert.deepEqual([account.sent - sent, account.droppedTotal - dropped], [-1, 1])
  })

  test('stores cumulative and per-window counts, and rate() and sum() agree', async () => {
    const block = new PointBlockBuilder()
    for (let i = 0; i <= 12; i++) {
      block.add(points('http.requests', 'counter', 'cumulative', { path: '/' }), T0 + i * 10 * SECOND, i * 50, T0)
      if (i > 0)
        block.add(
          points('http.requests', 'counter', 'delta', { path: '/', window: '10s' }),
          T0 + i * 10 * SECOND,
          50,
          T0 + (i - 1) * 10 * SECOND
        )
    }
    await store(block)
    const end = T0 + 120 * SECOND
    const value = async (promql: string) => (await server.query(promql, end)).map(result => result.value)
    assert.deepEqual(await value('http_requests_total{path="/"}'), [600])
    assert.deepEqual(await value('sum_over_time(http_requests{window="10s"}[2m])'), [600])
    assert.deepEqual(await value('rate(http_requests_total[1m])'), [5])
  })

  test('takes points out of order and twice, and stores each once, in order', async () => {
    const gauge = points('temperature', 'gauge', 'unspecified', {}, 'Cel')
    const block = new PointBlockBuilder()
    for (const second of [3, 1, 2, 1]) block.add(gauge, T0 + second * SECOND, second)
    await store(block)
    await store(block, { max_samples_per_request: 1 })
    const [{ metric, values, timestamps }] = await server.exportSeries('temperature_celsius')
    assert.deepEqual(
      [metric, values, timestamps],
      [{ __name__: 'temperature_celsius' }, [1, 2, 3], [1, 2, 3].map(s => T0 + s * SECOND)]
    )
  })

  test('of two values that differ one is shown, no telling which: so corrections are for other stores', async () => {
    assert.equal(plugin.upsert(), 'identical')
    const gauge = points('corrected', 'gauge', 'unspecified')
    for (const value of [5, 7]) {
      const block = new PointBlockBuilder()
      block.add(gauge, T0, value)
      await store(block)
    }
    const [{ values }] = await server.exportSeries('corrected')
    assert.equal(values.length, 1)
    assert.ok([5, 7].includes(values[0]!), `${values}`)
  })

  test('stores histograms that histogram_quantile understands', async () => {
    const histogram = points('latency', 'histogram', 'cumulative', {}, 's')
    const block = new PointBlockBuilder()
    block.addDistribution(histogram, T0, {
      kind: 'histogram',
      count: 100,
      sum: 60,
      min: 0,
      max: 2,
      bounds: [0.5, 1],
      counts: [50, 40, 10]
    })
    await store(block)
    assert.deepEqual(await stored('{__name__=~"latency_seconds.*"}'), {
      'latency_seconds_bucket{le="+Inf"}': [100],
      'latency_seconds_bucket{le="0.5"}': [50],
      'latency_seconds_bucket{le="1"}': [90],
      latency_seconds_count: [100],
      latency_seconds_sum: [60]
    })
    const [{ value }] = await server.query('histogram_quantile(0.7, latency_seconds_bucket)', T0)
    assert.equal(value, 0.75)
  })

  test('stores exponential histograms whose quantiles survive being summed', async () => {
    for (const form of ['vmrange', 'le']) {
      const block = new PointBlockBuilder()
      for (const pod of ['a', 'b'])
        block.addDistribution(
          points(`size_${form}`, 'exponential_histogram', 'cumulative', { pod }),
          T0,
          uniform(pod === 'a' ? 0 : 500)
        )
      await store(block, { exponential_histograms: form })
      const sum = form === 'le' ? `size_le_bucket{pod="a"}` : 'sum(size_vmrange_bucket) by (vmrange)'
      const [{ value }] = await server.query(`histogram_quantile(0.5, ${sum})`, T0)
      const want = form === 'le' ? 250 : 500
      assert.ok(Math.abs(value / want - 1) < 0.05, `${form}: ${value}, not ${want}`)
    }
  })

  test('stores summaries, and of a set or the sketch of one its number', async () => {
    const block = new PointBlockBuilder()
    const summary = { kind: 'summary', count: 4, sum: 12, quantiles: [{ quantile: 0.99, value: 8 }] } as const
    block.addDistribution(points('gc', 'summary', 'cumulative'), T0, summary)
    block.addDistribution(points('users', 'set', 'delta'), T0, { kind: 'set', members: ['a', 'b', 'c'] })
    const sketch = { kind: 'distinct', count: 2, state: Float64Array.of(1, 2) } as const
    block.addDistribution(points('users.unique', 'set', 'delta'), T0, sketch)
    await store(block)
    assert.deepEqual(await stored('{__name__=~"gc.*|users.*"}'), {
      'gc{quantile="0.99"}': [8],
      gc_count: [4],
      gc_sum: [12],
      users: [3],
      users_unique: [2]
    })
  })

  test('a series that ended is gone from queries at once', async () => {
    const gauge = points('ending', 'gauge', 'unspecified')
    const block = new PointBlockBuilder()
    block.add(gauge, T0, 1)
    block.add(gauge, T0 + 10 * SECOND, 0, 0, FLAG_NO_RECORDED_VALUE)
    await store(block)
    assert.equal((await server.query('ending', T0 + 9 * SECOND)).length, 1)
    assert.equal((await server.query('ending', T0 + 11 * SECOND)).length, 0)
  })

  test('resources become job, instance and target_info to join with', async () => {
    const attributes: Attribute[] = [
      ['k8s.pod.name', 'p1'],
      ['service.instance.id', 'i1'],
      ['service.name', 'shop'],
      ['zone', 'z']
    ]
    const block = new PointBlockBuilder()
    block.add(points('jobs', 'gauge', 'unspecified', {}, '', { attributes, schemaUrl: '' }), T0, 1)
    await store(block, { promote_resource_attributes: ['zone'], external_labels: { cluster: 'c1' } })
    assert.deepEqual(Object.keys(await stored('{job="shop"}')), [
      'jobs{cluster="c1",instance="i1",job="shop",zone="z"}',
      'target_info{cluster="c1",instance="i1",job="shop",k8s_pod_name="p1",zone="z"}'
    ])
    const joined = await server.query('jobs * on (job, instance) group_left(k8s_pod_name) target_info', T0)
    assert.equal(joined[0].metric.k8s_pod_name, 'p1')
  })

  test('tenants have labels for the multitenant endpoint of a cluster', async () => {
    const block = new PointBlockBuilder()
    for (const tenant of ['acme', 'shop', 'other']) {
      const of = { attributes: [['weir.tenant', tenant]] as Attribute[], schemaUrl: '' }
      block.add(points('owned', 'gauge', 'unspecified', { vm_account_id: '7' }, '', of), T0, 1)
    }
    await store(block, { tenants: { acme: '12:3', shop: '4' }, target_info: false })
    assert.deepEqual(Object.keys(await stored('{__name__="owned"}')), [
      'owned{vm_account_id="12",vm_project_id="3",weir_tenant="acme"}',
      'owned{vm_account_id="4",vm_project_id="0",weir_tenant="shop"}',
      'owned{weir_tenant="other"}'
    ])
  })

  test('keeps names as they are where told to', async () => {
    const block = new PointBlockBuilder()
    block.add(points('http.sent', 'counter', 'cumulative', { 'http.method': 'GET' }, 'By'), T0, 7)
    await store(block, { translation_strategy: 'NoTranslation' })
    assert.deepEqual(await stored('{__name__="http.sent"}'), { 'http.sent{http.method="GET"}': [7] })
  })
})

/** 0..1000 shifted, each value once, in buckets of base 2^(1/8). */
function uniform(shift: number): ExponentialHistogram {
  const counts = new Array<number>(100).fill(0)
  for (let value = 1; value <= 500; value++) counts[Math.ceil(Math.log2(value + shift) * 8) - 1]++
  const empty = { offset: 0, counts: [] }
  const [min, max] = [1 + shift, 500 + shift]
  return {
    kind: 'exponential_histogram',
    count: 500,
    sum: 1,
    min,
    max,
    scale: 3,
    zeroCount: 0,
    zeroThreshold: 0,
    positive: { offset: 0, counts },
    negative: empty
  }
}

function label(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
  return pairs.length === 0 ? '' : `{${pairs.map(([name, value]) => `${name}="${value}"`).join()}}`
}
