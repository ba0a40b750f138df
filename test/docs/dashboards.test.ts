import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { eventually } from '../e2e/eventually.ts'
import { ROOT, Sandbox } from '../e2e/weir-process.ts'
import { startVictoriaMetrics, type VictoriaMetrics, victoriaMetricsProgram } from '../servers/victoria-metrics.ts'
import { type Block, blocksOf, where } from './blocks.ts'

const PAGE = blocksOf('docs/dashboards.md')
const OPERATORS = blocksOf('docs/operators.md')
const STEP_MS = 10_000
const MS_PER_ORDER = 80

const HOUR_MS = 3_600_000
const HISTORY_MS = 3 * HOUR_MS
const WATERMARK_LAG =
  'weir_processor_windowed_counter_watermark_lag_seconds{component="windowed_counter",pipeline="counts"}'

const { path, skip } = await victoriaMetricsProgram()

test('queries of the documentation find data', { skip }, async t => {
  const store = await startVictoriaMetrics(path)
  t.after(() => store.stop())
  const sandbox = await Sandbox.open(t)
  // Full hours, so that no window is cut in two.
  const end = Math.floor(Date.now() / HOUR_MS) * HOUR_MS
  const history = Array.from({ length: HISTORY_MS / STEP_MS }, (_, i) =>
    point(end - HISTORY_MS + i * STEP_MS, 1 + (i % 3))
  )
  await sendAndStop(sandbox, config(store, '5h'), [history])
  const late = [[point(Date.now(), 1)], [point(end - HISTORY_MS, 5)]]
  await sendAndStop(sandbox, config(store, '1s'), late)
  await store.flush()
  const orders = [...history, ...late.flat()].reduce((sum, { orders }) => sum + orders, 0)

  const { admin } = await sandbox.start(config(store, '1s'))
  await t.test('names come out as the table says', async () => {
    const names = namesShown()
    assert.ok(names.length >= 8, names.join())
    for (const name of names) await findsSeries(store, `last_over_time(${name}[5h])`, [Date.now() + STEP_MS])
  })
  for (const block of PAGE) {
    if (block.language === 'promql')
      await eachQuery(t, block, query => findsSeries(store, query, [end, Date.now() + STEP_MS]))
    if (block.language === 'sql') await t.test(where(block), () => findsRows(admin, block.text))
  }
  await t.test('the counter that grows, the windows of every size and the tiers agree', async () => {
    for (const query of [
      'sum(sum_over_time(shop_orders{window="10s"}[5h]))',
      'sum(sum_over_time(shop_orders{window="1m"}[5h]))',
      'sum(sum_over_time(shop_orders{window="1h"}[5h]))',
      'sum(sum_over_time(shop_orders{rollup="1m"}[5h]))',
      'sum(sum_over_time(shop_orders{rollup="1h"}[5h]))',
      'sum(increase(shop_orders_total[5h]))'
    ]) {
      const found = await store.query(query, Date.now() + HOUR_MS)
      assert.deepEqual(
        found.map(({ value }) => value),
        [orders],
        query
      )
    }
  })
})

test('alerts of docs/operators.md are PromQL that a store takes', { skip }, async t => {
  const store = await startVictoriaMetrics(path)
  t.after(() => store.stop())
  for (const block of OPERATORS.filter(({ language }) => language === 'promql'))
    await eachQuery(t, block, query => store.query(query, Date.now()))
})

/** Sends requests one after another, once time goes on. What is open then is sent at shutdown, window by window. */
async function sendAndStop(sandbox: Sandbox, config: string, requests: readonly (readonly Point[])[]): Promise<void> {
  const weir = await sandbox.start(config)
  for (const points of requests) {
    assert.equal((await send(weir.otlp, points)).status, 200)
    const event = JSON.stringify({ name: 'signup', value: 2 })
    assert.equal((await post(weir.events, event)).status, 200)
    await eventually('there is a watermark', async () => (await weir.metric(WATERMARK_LAG)) > 0)
  }
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.said)
}

/** What PromQL can be asked for of the table of names. */
function namesShown(): string[] {
  const page = readFileSync(join(ROOT, 'docs/dashboards.md'), 'utf8')
  const [table] = /^\| Sent .*(?:\n\|.*)+/m.exec(page)!
  const cells = [...table.matchAll(/^\|[^|]*\|([^|]*)\|$/gm)].map(([, cell]) => cell)
  return cells
    .flatMap(cell => [...cell.matchAll(/`([a-z_]{5,}(?:\{.*?\})?)`/g)].map(([, name]) => name))
    .filter(isSeries)
}

async function eachQuery(t: TestContext, block: Block, run: (query: string) => Promise<unknown>): Promise<void> {
  for (const query of block.text.trimEnd().split('\n'))
    await t.test(`${where(block)}: ${query}`, async () => void (await run(query)))
}

/** @param times Unix ms; late data is found at another than the rest */
async function findsSeries(store: VictoriaMetrics, query: string, times: readonly number[]): Promise<void> {
  const found = await Promise.all(times.map(time => store.query(query, time)))
  assert.ok(found.flat().length > 0, 'nothing found')
}

async function findsRows(admin: string, sql: string): Promise<void> {
  const response = await fetch(`${admin}/api/exporters/clickhouse/query?format=JSON`, { method: 'POST', body: sql })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  assert.ok(JSON.parse(text).rows > 0, text)
}

function config({ url }: VictoriaMetrics, lateness: string): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  http: { endpoint: 127.0.0.1:0 }
processors:
  windowed_counter: { windows: [10s, 1m, 1h], allowed_lateness: ${lateness} }
  rollup: { tiers: [{ size: 1m }, { size: 1h }], allowed_lateness: ${lateness} }
exporters:
  victoriametrics: { endpoint: ${url}/api/v1/write }
  clickhouse: { embedded: ./clickhouse }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts:
      receivers: [otlp, http]
      processors: [windowed_counter]
      exporters: [victoriametrics, clickhouse]
    rollups:
      receivers: [otlp, http]
      processors: [rollup]
      exporters: [victoriametrics, clickhouse]
`
}

interface Point {
  readonly time: number
  readonly orders: number
}

// Labels stand there too.
const isSeries = (name: string) => !['instance', 'window'].includes(name)
const point = (time: number, orders: number): Point => ({ time, orders })

function send(url: string, points: readonly Point[]): Promise<Response> {
  const common = ({ time }: Point) => ({
    timeUnixNano: String(BigInt(time) * 1_000_000n),
    attributes: [{ key: 'country', value: { stringValue: 'de' } }]
  })
  const sum = {
    aggregationTemporality: 1,
    isMonotonic: true,
    dataPoints: points.map(p => ({ ...common(p), asInt: String(p.orders) }))
  }
  const histogram = {
    aggregationTemporality: 1,
    dataPoints: points.map(p => ({
      ...common(p),
      count: String(p.orders),
      sum: p.orders * MS_PER_ORDER,
      bucketCounts: [],
      explicitBounds: []
    }))
  }
  const gauge = { dataPoints: [{ ...common(points[0]), asInt: '7' }] }
  const metrics = [
    { name: 'shop.orders', sum },
    { name: 'shop.checkout', unit: 'ms', histogram },
    { name: 'queue.size', unit: 'By', gauge }
  ]
  const attributes = Object.entries({ 'service.name': 'shop', 'service.instance.id': '1', 'host.name': 'a' })
  const resource = { attributes: attributes.map(([key, stringValue]) => ({ key, value: { stringValue } })) }
  return post(url, JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }))
}

function post(url: string, body: string): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
}
