import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { FLAG_NO_RECORDED_VALUE, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { type Prometheus, prometheusProgram, startPrometheus } from '../../servers/prometheus.ts'

const NEVER = new AbortController().signal
const T0 = Math.floor(Date.now() / 1000) * 1000 - 300_000

const program = await prometheusProgram()

// It refuses a whole request over one sample out of order or one that differs from what it has.
describe("Prometheus' remote write receiver", { skip: program.skip }, () => {
  let server: Prometheus
  let exporter: VictoriaMetricsExporter
  const context = testContext()
  context.clock.advance(Date.now() - context.clock.now())
  const metric = {
    name: 'jobs',
    unit: '',
    description: 'Jobs done',
    kind: 'counter',
    temporality: 'cumulative'
  } as const
  const resource = {
    attributes: [
      ['host.name', 'h1'],
      ['service.name', 'shop']
    ],
    schemaUrl: ''
  } as const
  const jobs = context.series.intern(metric, [['ünïcode.key', 'vålue']], resource)

  before(async () => {
    server = await startPrometheus(program.path)
    exporter = new VictoriaMetricsExporter(testConfig(plugin, { endpoint: `${server.url}/api/v1/write` }), context)
  })
  after(() => server?.stop())

  test('is found by the probe', () => exporter.probe(NEVER))

  test('takes a block with points out of order and twice at a time', async () => {
    const block = new PointBlockBuilder()
    for (const [second, value] of [
      [2, 20],
      [1, 10],
      [2, 21],
      [60, 600]
    ])
      block.add(jobs, T0 + second * 1000, value)
    await exporter.export(block.build(), NEVER)
    assert.deepEqual(await server.query('jobs_total', T0 + 2000), [
      { metric: { __name__: 'jobs_total', job: 'shop', key_n_code_key: 'vålue' }, value: 21 }
    ])
    assert.equal(
      (await server.query('jobs_total * on (job) group_left(host_name) target_info', T0 + 60_000))[0].value,
      600
    )
  })

  test('takes a block again whose answer was lost', async () => {
    const block = new PointBlockBuilder()
    block.add(jobs, T0 + 65_000, 650)
    const points = block.build()
    await exporter.export(points, NEVER)
    await exporter.export(points, NEVER)
    assert.equal((await server.query('jobs_total', T0 + 65_000))[0].value, 650)
  })

  test('ends a series at a stale marker', async () => {
    const block = new PointBlockBuilder()
    block.add(jobs, T0 + 70_000, 0, 0, FLAG_NO_RECORDED_VALUE)
    await exporter.export(block.build(), NEVER)
    assert.equal((await server.query('jobs_total', T0 + 69_000)).length, 1)
    assert.equal((await server.query('jobs_total', T0 + 71_000)).length, 0)
  })

  test('a request it will never take is dropped with its message', async () => {
    const block = new PointBlockBuilder()
    block.add(jobs, T0 + 1000, 11)
    await assert.rejects(exporter.export(block.build(), NEVER), {
      retryable: false,
      reason: 'rejected_by_backend',
      message: /answered 400 .*out of order sample/
    })
  })
})

// What docs say to set for data that comes late or is sent again after a crash.
describe('Prometheus with an out-of-order window', { skip: program.skip }, () => {
  let server: Prometheus
  let exporter: VictoriaMetricsExporter
  const context = testContext()
  context.clock.advance(Date.now() - context.clock.now())
  const metric = { name: 'orders', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const orders = context.series.intern(metric, [['window', '10s']])

  const block = (...points: readonly (readonly [second: number, value: number])[]) => {
    const builder = new PointBlockBuilder()
    for (const [second, value] of points) builder.add(orders, T0 + second * 1000, value, T0 + second * 1000 - 10_000)
    return builder.build()
  }
  const stored = async () => {
    const [{ value: count }] = await server.query('count_over_time(orders[10m])', T0 + 300_000)
    const [{ value: sum }] = await server.query('sum_over_time(orders[10m])', T0 + 300_000)
    return { count, sum }
  }

  before(async () => {
    server = await startPrometheus(program.path, 'storage: { tsdb: { out_of_order_time_window: 30m } }\n')
    exporter = new VictoriaMetricsExporter(testConfig(plugin, { endpoint: `${server.url}/api/v1/write` }), context)
  })
  after(() => server?.stop())

  test('keeps points sent again by a crash, bit for bit, exactly once, in other blocks and older than stored ones too', async () => {
    const windows = [1, 2, 3, 4, 5, 6].map(i => [i * 10, 2 ** i] as const)
    await exporter.export(block(...windows.slice(0, 4)), NEVER)
    await exporter.export(block(...windows.slice(1, 6)), NEVER)
    await exporter.export(block(...windows), NEVER)
    for (const window of windows) await exporter.export(block(window), NEVER)
    assert.deepEqual(await stored(), { count: 6, sum: 126 })
  })

  test('a window that comes late is stored', async () => {
    await exporter.export(block([5, 1000]), NEVER)
    assert.deepEqual(await stored(), { count: 7, sum: 1126 })
  })

  test('a second value that differs is refused while it is the newest', async () => {
    await assert.rejects(exporter.export(block([60, 65]), NEVER), { retryable: false, reason: 'rejected_by_backend' })
    assert.deepEqual(await stored(), { count: 7, sum: 1126 })
  })

  test('of two that are not the newest one is shown, no telling which', async () => {
    await exporter.export(block([20, 5]), NEVER)
    const { count, sum } = await stored()
    assert.equal(count, 7)
    assert.ok(sum === 1126 || sum === 1127, `${sum}`)
  })
})
