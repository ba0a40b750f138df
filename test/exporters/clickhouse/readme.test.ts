import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { ExponentialHistogram } from '../../../core/model/distribution.ts'
import { relativeErrorOf } from '../../../core/model/sketch/ddsketch.ts'
import { DistinctCounter } from '../../../core/model/sketch/distinct-counter.ts'
import { distinctSketch } from '../../../core/model/sketch/distinct-sketch.ts'
import { ExponentialCounts } from '../../../core/model/sketch/exponential-counts.ts'
import {
  type Attributes,
  type Metric,
  PointBlockBuilder,
  type SeriesTable,
  sortAttributes
} from '../../../sdk/plugin/index.ts'
import { blocksOf, where } from '../../docs/blocks.ts'
import { embedded, FOREVER, type Harness, serve, signal } from './harness.ts'

const QUERIES = blocksOf('exporters/clickhouse/README.md').filter(({ language }) => language === 'sql')
const MINUTE_MS = 60_000
const SHARDS = 10
/** What was observed, route by route. */
const LATENCIES: Readonly<Record<string, readonly number[]>> = {
  // Values of one SDK histogram span so much that its scale is coarse, those of another do not.
  '/wide': Array.from({ length: 3000 }, (_, i) => (i % 10 === 0 ? 0 : 1e-3 * 1.005 ** i)),
  '/signed': Array.from({ length: 500 }, (_, i) => (i - 200) / 7)
}
const MEMBERS = { free: 40_000, pro: 300 }
const now = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS

let h: Harness
let route: Awaited<ReturnType<typeof serve>>
before(async () => {
  h = await embedded({ ...FOREVER, tiers: { '1m': '0s', '1h': '0s' } })
  await h.exporter.export(plain(h.context.series), signal())
  await h.exporter.export(latencies(h.context.series), signal())
  await h.exporter.export(users(h.context.series), signal())
  await h.exporter.export(gauges(h.context.series), signal())
  await h.exporter.export(signups(), signal())
  route = await serve(h.context)
})
after(async () => {
  route.close()
  await h[Symbol.asyncDispose]()
})

for (const query of QUERIES) {
  test(`${where(query)} finds data`, async () => assert.ok((await ask(query.text)).length > 0))
}

test('quantiles merged in SQL, of shards with scales of their own, are within the error of the coarsest', async () => {
  const rows = await ask(queryWith('quantile_of'))
  assert.deepEqual(
    rows.map(({ route }) => route),
    ['/signed', '/wide']
  )
  for (const { route, p50, p99 } of rows) {
    const scales = await h.rows<{ scale: number }>(`SELECT DISTINCT scale FROM weir.metrics_1m
      WHERE name = 'http_request_duration' AND attributes['route'] = '${route}' ORDER BY scale`)
    assert.ok(scales.length > 1, `${route} has several scales`)
    const sorted = LATENCIES[route as string].toSorted((a, b) => a - b)
    for (const [quantile, value] of [
      [0.5, p50],
      [0.99, p99]
    ] as [number, number][]) {
      const truth = sorted[Math.floor(quantile * (sorted.length - 1))]
      const error = Math.abs(value - truth)
      assert.ok(error <= Math.abs(truth) * (relativeErrorOf(scales[0].scale) + 1e-9), `${route} ${value} for ${truth}`)
    }
  }
})

test('uniques merged in SQL, of shards that overlap, are the estimate of one sketch of all', async () => {
  const rows = await ask(queryWith('maxMap'))
  const whole = (plan: 'free' | 'pro') => {
    const counter = new DistinctCounter()
    for (let i = 0; i < MEMBERS[plan]; i++) counter.add(`${plan} ${i}`)
    return counter.count()
  }
  assert.equal(rows[0].users, whole('free'))
  assert.ok(Math.abs(Number(rows[0].users) / MEMBERS.free - 1) < 0.024, 'three standard errors')
  assert.equal(rows[1].plan, 'pro')
  assert.ok(Math.abs(Number(rows[1].users) / MEMBERS.pro - 1) < 0.024, `${rows[1].users}`)
})

test('the average of gauges is that of all samples', async () => {
  assert.deepEqual(await ask(queryWith('queue.size.sum')), [{ queue: 'mail', average: 4.75 }])
})

const queryWith = (text: string) => QUERIES.find(query => query.text.includes(text))!.text

/** As somebody who reads the README would: by the admin route. */
async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const { status, text } = await route.ask(sql, 'JSONEachRow')
  assert.equal(status, 200, text)
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}

/** Points of the main tables. */
function plain(registry: SeriesTable) {
  const builder = new PointBlockBuilder()
  for (const window of ['10s', '1m', undefined]) {
    const attributes = sortAttributes(
      Object.entries({ route: '/x', ...(window && { window }) }) as unknown as Attributes[number][]
    )
    const temporality = window === undefined ? 'cumulative' : 'delta'
    const series = registry.intern(metric('http_requests', 'counter', temporality), attributes)
    for (let i = 0; i < 5; i++) builder.add(series, now - i * 10_000, 5 - i, now - 60_000)
  }
  const explicit = registry.intern(metric('http_request_duration', 'histogram', 'delta'), [])
  builder.addDistribution(explicit, now, {
    kind: 'histogram',
    count: 3,
    sum: 3,
    min: 1,
    max: 1,
    bounds: [1],
    counts: [3, 0]
  })
  return builder.build()
}

function latencies(registry: SeriesTable) {
  const builder = new PointBlockBuilder()
  for (const [route, values] of Object.entries(LATENCIES)) {
    for (let shard = 0; shard < SHARDS; shard++) {
      const series = registry.intern(
        metric('http_request_duration', 'exponential_histogram', 'delta'),
        sortAttributes([
          ['instance', String(shard)],
          ['rollup', '1m'],
          ['route', route]
        ])
      )
      // Sorted, so that each shard has a span, and so a scale, of its own.
      const own = values.slice((shard * values.length) / SHARDS, ((shard + 1) * values.length) / SHARDS)
      builder.addDistribution(series, now, histogramOf(own, shard % 2 === 0 ? 5 : 4), now - MINUTE_MS)
    }
  }
  return builder.build()
}

function histogramOf(values: readonly number[], scale: number): ExponentialHistogram {
  const counts = new ExponentialCounts()
  const none = { offset: 0, counts: [] }
  counts.add({ scale, zeroCount: 0, zeroThreshold: 0, positive: none, negative: none })
  for (const value of values) counts.addValue(value, 1)
  const unknown = { sum: Number.NaN, min: Number.NaN, max: Number.NaN }
  return { kind: 'exponential_histogram', count: values.length, ...unknown, ...counts.shape() }
}

function users(registry: SeriesTable) {
  const builder = new PointBlockBuilder()
  for (const plan of ['free', 'pro'] as const) {
    const series = registry.intern(metric('users.unique', 'set', 'delta'), [
      ['plan', plan],
      ['rollup', '1h']
    ])
    for (let shard = 0; shard < SHARDS; shard++) {
      const counter = new DistinctCounter()
      for (let i = 0; i < MEMBERS[plan]; i++) if (i % SHARDS === shard || i % 7 === 0) counter.add(`${plan} ${i}`)
      builder.addDistribution(series, now - shard * 60 * MINUTE_MS, distinctSketch(counter))
    }
  }
  return builder.build()
}

function gauges(registry: SeriesTable) {
  const builder = new PointBlockBuilder()
  const series = (name: string, kind: Metric['kind']) =>
    registry.intern(metric(name, kind, 'delta'), [
      ['queue', 'mail'],
      ['rollup', '1h']
    ])
  // One sample of 1, three that add up to 18: the average of averages would be 3.5.
  for (const [hour, sum, count] of [
    [1, 1, 1],
    [2, 18, 3]
  ]) {
    builder.add(series('queue.size.sum', 'up_down_counter'), now - hour * 60 * MINUTE_MS, sum)
    builder.add(series('queue.size.count', 'counter'), now - hour * 60 * MINUTE_MS, count)
  }
  return builder.build()
}

const signups = () => ({
  type: 'events' as const,
  length: 2,
  time: Float64Array.of(now, now),
  name: ['signup', 'signup'],
  id: ['a', 'b'],
  attributes: [[['user_id', 'ann'] as const], [['user_id', 'bob'] as const]],
  value: Float64Array.of(1, 1)
})

const metric = (name: string, kind: Metric['kind'], temporality: Metric['temporality']): Metric => ({
  name,
  unit: '',
  description: '',
  kind,
  temporality
})
