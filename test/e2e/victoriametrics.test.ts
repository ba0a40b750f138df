import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ExportedSeries,
  startVictoriaMetrics,
  type VictoriaMetrics,
  victoriaMetricsProgram
} from '../servers/victoria-metrics.ts'
import { assertCounted, SentCounts, type StoredPoint, seriesKey } from './counts.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { ROUTE_RATES, SECONDS, sendByHand, sendFromClients } from './traffic.ts'
import { Sandbox } from './weir-process.ts'

const { path: program, skip } = await victoriaMetricsProgram()
const MINUTE_S = 60

test('counts of SDKs, StatsD and curl are in VictoriaMetrics, exactly', { skip }, async t => {
  const [sandbox, store] = [await Sandbox.open(t), await startVictoriaMetrics(program)]
  t.after(() => store.stop())
  const weir = await sandbox.start(config(store.url, 'allowed_lateness: 1s'))
  const sent = await sendFromClients(weir, sandbox)
  await eventually('a window has closed while it runs', async () => (await storedPoints(store)).length > 0)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  const stored = await storedPoints(store)
  assertCounted(stored, sent)
  const windows = new Set(stored.filter(({ window }) => window === '1s').map(({ time }) => time))
  assert.ok(windows.size >= 3, 'the points fall into several windows')
})

test('each window holds the points of its event times, and PromQL gives rates and increases', { skip }, async t => {
  const [sandbox, store] = [await Sandbox.open(t), await startVictoriaMetrics(program)]
  t.after(() => store.stop())
  // As long as it waits for late points every window is open; SIGTERM then sends them all.
  const weir = await sandbox.start(config(store.url, 'allowed_lateness: 10m'))
  const end = Math.floor(Date.now() / 1000) * 1000
  const sent = await sendByHand(weir, end)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  assertCounted(await storedPoints(store), sent)
  const byRoute = async (promql: string) =>
    Object.fromEntries((await store.query(promql, end)).map(({ metric, value }) => [metric.route, value]))
  assert.deepEqual(await byRoute('sum by (route) (rate(http_requests_total[1m]))'), ROUTE_RATES)
  const increases = Object.fromEntries(Object.entries(ROUTE_RATES).map(([route, rate]) => [route, rate * SECONDS]))
  assert.deepEqual(await byRoute(`sum by (route) (increase(http_requests_total[${MINUTE_S}s]))`), increases)
  assert.deepEqual(await byRoute('sum by (route) (sum_over_time(http_requests{window="1s"}[1m]))'), increases)
})

test('points that come after their window has closed still count, apart and in the totals', { skip }, async t => {
  const [sandbox, store] = [await Sandbox.open(t), await startVictoriaMetrics(program)]
  t.after(() => store.stop())
  const weir = await sandbox.start(config(store.url, 'allowed_lateness: 200ms', 'idle_timeout: 200ms'))
  const sent = new SentCounts()
  const send = async (time: number, value: number) => {
    const point = { name: 'http_requests', attributes: { route: '/' }, time, value }
    assert.equal((await postOtlp(weir.otlp, deltaRequest([point]))).status, 200)
    sent.add(seriesKey('http_requests', { route: '/' }), value, time)
  }
  const time = Date.now()
  await send(time, 5)
  await eventually('its window has closed', async () => (await storedPoints(store)).length > 0)
  await send(time, 2)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  const stored = await storedPoints(store)
  assertCounted(stored, sent)
  const seconds = stored.filter(({ window }) => window === '1s')
  assert.deepEqual(
    seconds.map(({ late, value }) => [late, value]).sort(),
    [
      [false, 5],
      [true, 2]
    ],
    'the window was sent once, and late points beside it'
  )
})

function config(url: string, ...options: string[]): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
  http: { endpoint: 127.0.0.1:0 }
processors:
  windowed_counter: { windows: [1s, 10s], ${options.join(', ')} }
exporters:
  victoriametrics: { endpoint: ${url}/api/v1/write }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts: { receivers: [otlp, statsd, http], processors: [windowed_counter], exporters: [victoriametrics] }
`
}

async function storedPoints(store: VictoriaMetrics): Promise<StoredPoint[]> {
  await store.flush()
  // A window sent before its time is over ends in the future, where an export does not look unless told to.
  const search = new URLSearchParams({ 'match[]': '{__name__!~"target_info|.*_bucket"}', end: '9999999999' })
  const text = await (await fetch(`${store.url}/api/v1/export?${search}`)).text()
  const exported = text.split('\n').flatMap(line => (line === '' ? [] : [JSON.parse(line) as ExportedSeries]))
  return exported.flatMap(({ metric, values, timestamps }) => {
    const series = seriesKey(metric.__name__.replace(/_total$/, ''), metric)
    const { window, late } = metric
    return values.map((value, i) => ({ series, window, late: late === 'true', time: timestamps[i], value: value! }))
  })
}
