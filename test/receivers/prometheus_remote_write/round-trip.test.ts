import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext as NodeTest, test } from 'node:test'
import victoriametrics from '../../../exporters/victoriametrics/index.ts'
import plugin from '../../../receivers/prometheus_remote_write/index.ts'
import { RemoteWriteReceiver } from '../../../receivers/prometheus_remote_write/receiver.ts'
import { ExporterHarness, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { eventually } from '../../e2e/eventually.ts'
import { prometheusProgram, startPrometheus } from '../../servers/prometheus.ts'
import { startVictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'

const [prometheus, store] = await Promise.all([prometheusProgram(), victoriaMetricsProgram()])

/** Names that a translation would change, all types, and values that are no small integers. */
const EXPOSITION = `
# TYPE plain counter
plain{a__b="1",_c="ü"} 3
# TYPE a_total_of__things_ gauge
a_total_of__things_ 0.1
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.5"} 1
latency_seconds_bucket{le="+Inf"} 2
latency_seconds_sum 1.5
latency_seconds_count 2
# TYPE size summary
size{quantile="0.5"} 1e300
size_sum -17.25
size_count 9007199254740991
job:rule:rate5m -0.000001
untyped_total 5
`
const GOING = 'going{a="1"} 1\n'

/** Answers with {@link GOING} until told otherwise. */
async function target(t: NodeTest) {
  const state = { address: '', isGone: false }
  const server = createServer((_request, response) => response.end(EXPOSITION + (state.isGone ? '' : GOING)))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => void server.close().closeAllConnections())
  state.address = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return state
}

/** Remote write into Weir, and out of it again to `storeUrl`; the address. */
async function weir(t: NodeTest, storeUrl: string): Promise<string> {
  const context = testContext('prometheus_remote_write')
  context.clock.advance(Date.now() - context.clock.now())
  const config = testConfig(victoriametrics, {
    endpoint: `${storeUrl}/api/v1/write`,
    translation_strategy: 'NoTranslation'
  })
  const exporter = await new ExporterHarness(victoriametrics.create(config, context), context).start()
  const receiver = new RemoteWriteReceiver(testConfig(plugin, { endpoint: '127.0.0.1:0' }), context)
  receiver.batches$.subscribe(batch => {
    void exporter
      .send(batch.block)
      .then(({ status }) => (status === 'acked' ? batch.ack() : batch.nack(new Error(status))))
  })
  await receiver.start()
  t.after(() => receiver.stop(AbortSignal.abort()))
  return receiver.address
}

test('samples of Prometheus that pass through Weir are the same in VictoriaMetrics as in its own store', {
  skip: prometheus.skip || store.skip
}, async t => {
  const server = await startVictoriaMetrics(store.path)
  t.after(() => server.stop())
  const scraped = await target(t)
  const address = await weir(t, server.url)
  const source = await startPrometheus(
    prometheus.path,
    `
remote_write: [{ url: 'http://${address}/api/v1/write', queue_config: { batch_send_deadline: 200ms } }]
scrape_configs:
  - { job_name: app/shop, scrape_interval: 500ms, scrape_timeout: 500ms, static_configs: [{ targets: ['${scraped.address}'] }] }
`
  )
  t.after(() => source.stop())
  const samples = async (match: string) => {
    const [result] = (await source.query(`count_over_time(${match}[1m])`, Date.now())).values()
    return result?.value ?? 0
  }
  await eventually('two scrapes', async () => (await samples('going')) >= 2)
  scraped.isGone = true
  await eventually('a stale marker', async () => (await source.query('going', Date.now())).length === 0)
  const own = await source.samples('{job="app/shop"}', Date.now())
  assert.ok(own.length >= 17, `${own.length} series`)
  await eventually('the same samples', async () => {
    await server.flush()
    const stored = await server.exportSeries('{job="app/shop"}')
    assert.deepEqual(
      stored
        .map(({ metric }) => metric)
        .map(sorted)
        .sort(),
      own
        .map(({ metric }) => metric)
        .map(sorted)
        .sort()
    )
    for (const { metric, timestamps, values } of own) {
      const same = stored.find(series => sorted(series.metric) === sorted(metric))!
      const times = same.timestamps.filter(time => time <= timestamps.at(-1)!)
      assert.deepEqual(times, timestamps, sorted(metric))
      for (const [i, value] of values.entries()) assertClose(same.values[i], value, sorted(metric))
      // The store shows the end of a series as a value that is no number.
      if (metric.__name__ === 'going') assert.deepEqual(same.values.slice(values.length), [null])
    }
    return true
  })
})

/** The store's values have 12 digits at least. */
function assertClose(stored: number | null, value: number, series: string): void {
  assert.ok(
    stored !== null && Math.abs(stored - value) <= Math.abs(value) * 1e-12,
    `${series}: ${stored}, not ${value}`
  )
}

const sorted = (metric: Readonly<Record<string, string>>) => JSON.stringify(Object.entries(metric).sort())
