import assert from 'node:assert/strict'
import { test } from 'node:test'
import { VictoriaMetricsExporter } from '../../../exporters/victoriametrics/exporter.ts'
import plugin from '../../../exporters/victoriametrics/index.ts'
import { type PointBlock, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { type TestContext, testConfig, testContext } from '../../../sdk/plugin/testing.ts'
import { freePort } from '../../servers/free-port.ts'
import { type Prometheus, prometheusProgram, startPrometheus } from '../../servers/prometheus.ts'
import {
  recentVictoriaMetricsProgram,
  startVictoriaMetrics,
  victoriaMetricsProgram
} from '../../servers/victoria-metrics.ts'

const NEVER = new AbortController().signal
const DAY_MS = 24 * 3_600_000
// Some minutes back: no store finds it in its future.
const T0 = Math.floor(Date.now() / 60_000) * 60_000 - 600_000
// Three requests.
const SAMPLES = 25_000

interface Store extends Omit<Prometheus, 'samples'> {
  flush?(): Promise<void>
}

const [old, recent, prometheus] = await Promise.all([
  victoriaMetricsProgram(),
  recentVictoriaMetricsProgram(),
  prometheusProgram()
])
const stores = [
  { name: 'VictoriaMetrics', ...recent, start: startVictoriaMetrics, refused: 0 },
  { name: 'a VictoriaMetrics from before zstd', ...old, start: startVictoriaMetrics, refused: 1 },
  { name: 'Prometheus', ...prometheus, start: startPrometheus, refused: 1 }
]

for (const { name, path, skip, start, refused } of stores)
  test(`${name} gets a large block, and refuses ${refused} requests of it`, { skip }, async t => {
    const server: Store = await start(path)
    t.after(() => server.stop())
    const context = testContext()
    context.clock.advance(Date.now() - context.clock.now())
    await exporterTo(server.url, context).export(gauges(context, 'large', SAMPLES), NEVER)
    await server.flush?.()
    assert.equal((await server.query('count(large)', T0))[0].value, SAMPLES)
    assert.equal((await server.query('sum(large)', T0))[0].value, (SAMPLES * (SAMPLES - 1)) / 2)
    assert.equal(refusedWrites(await server.metrics()), refused)
    assert.equal(context.counters.get('requests_total'), 3)
  })

test('a VictoriaMetrics that is replaced by an old release and back again has all data', {
  skip: old.skip || recent.skip
}, async () => {
  const port = await freePort()
  const context = testContext()
  const exporter = exporterTo(`http://127.0.0.1:${port}`, context)
  const store = async (path: string, name: string) => {
    const server = await startVictoriaMetrics(path, port)
    try {
      await exporter.export(gauges(context, name, 10), NEVER)
      await server.flush()
      assert.equal((await server.query(`count(${name})`, T0))[0].value, 10, name)
      return refusedWrites(await server.metrics())
    } finally {
      await server.stop()
    }
  }
  assert.equal(await store(recent.path, 'first'), 0)
  assert.equal(await store(old.path, 'second'), 1)
  assert.equal(await store(old.path, 'third'), 0)
  context.clock.advance(DAY_MS)
  assert.equal(await store(recent.path, 'fourth'), 0)
  assert.equal(await store(old.path, 'fifth'), 1, 'the fourth was sent with zstd')
})

function exporterTo(url: string, context: TestContext): VictoriaMetricsExporter {
  return new VictoriaMetricsExporter(testConfig(plugin, { endpoint: `${url}/api/v1/write` }), context)
}

/** Series of twelve labels with the values 0, 1, 2, …. */
function gauges({ series }: TestContext, name: string, count: number): PointBlock {
  const metric = { name, unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
  const points = new PointBlockBuilder()
  for (let i = 0; i < count; i++) {
    const attributes = Array.from({ length: 11 }, (_, label) => [`label_${label + 10}`, `value-${i * label}`] as const)
    points.add(series.intern(metric, attributes), T0, i)
  }
  return points.build()
}

/** Write requests that the server answered with an error, by its own metrics. */
function refusedWrites(metrics: string): number {
  const lines = metrics.matchAll(/^(?:vm_http_request_errors_total|prometheus_http_requests_total)\{(.*)\} (\d+)$/gm)
  let refused = 0
  for (const [, labels, value] of lines)
    if (labels.includes('"/api/v1/write"') && !/code="2/.test(labels)) refused += Number(value)
  return refused
}
