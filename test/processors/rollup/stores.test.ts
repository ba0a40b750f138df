import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DistinctSketch } from '../../../core/model/distribution.ts'
import { joinBlocks } from '../../../core/model/join.ts'
import { DistinctCounter } from '../../../core/model/sketch/distinct-counter.ts'
import { addDistinct, distinctSketch } from '../../../core/model/sketch/distinct-sketch.ts'
import victoriametrics from '../../../exporters/victoriametrics/index.ts'
import { testConfig } from '../../../sdk/plugin/testing.ts'
import { embedded, signal } from '../../exporters/clickhouse/harness.ts'
import { startVictoriaMetrics, victoriaMetricsProgram } from '../../servers/victoria-metrics.ts'
import { Harness, type Output, type TestPoint } from './harness.ts'

const { path, skip } = await victoriaMetricsProgram()
const HOUR_S = 3600
const HOURS = 3
const DAY_S = 86_400
/** Data must be young, or the shortest TTL takes it away at the first merge. */
const EPOCH = (Math.floor(Date.now() / (HOUR_S * 1000)) - HOURS - 1) * HOUR_S * 1000

test('in ClickHouse the sums of every hour agree over the tiers of 1s, 10s, 1m and 1h, late data included', async () => {
  const rollup = await new Harness({}, EPOCH).start()
  const { sent, members } = await traffic(rollup)
  await using store = await embedded({ database: 'weir' })
  await store.exporter.export(joinBlocks(rollup.blocks), signal())

  const hours = (view: string, value: string, where: string) =>
    store.rows<{ hour: string; value: number }>(`SELECT toString(toStartOfHour(start)) AS hour, ${value} AS value
      FROM weir.${view} WHERE ${where} GROUP BY hour ORDER BY hour`)
  for (const [what, value, where] of [
    ['requests', 'sum(value)', "name = 'requests'"],
    ['observations', 'sum(count)', "name = 'latency'"],
    ['their sum', 'sum(value)', "name = 'latency'"],
    ['registers of users', 'sipHash64(maxMap(registers))', "name = 'users.unique'"],
    ['samples', 'sum(value)', "name = 'queue.size.count'"],
    ['greatest', 'max(value)', "name = 'queue.size.max'"]
  ]) {
    const [ofHours, ...others] = await Promise.all(
      ['metrics_1h', 'metrics_1m', 'metrics_10s', 'metrics_1s'].map(view => hours(view, value, where))
    )
    assert.ok(ofHours.length >= HOURS, `${what}: ${ofHours.length} hours`)
    for (const other of others) assert.deepEqual(other, ofHours, what)
  }
  const [{ total }] = await store.rows("SELECT sum(value) AS total FROM weir.metrics_1h WHERE name = 'requests'")
  assert.equal(total, sent)
  const late = await store.rows("SELECT 1 FROM weir.metrics_1h WHERE attributes['late'] = 'true'")
  assert.ok(late.length > 0, 'some was late for its hour')
  const [ofSeconds, ...others] = ['1s', '1m', '1d'].map(tier => merged(rollup.of(tier, 'users.unique')))
  for (const other of others) assert.deepEqual(other, ofSeconds)
  assert.ok(Math.abs(ofSeconds.count / members - 1) < 0.024, 'three standard errors')
  const [{ total: untiered }] = await store.rows('SELECT count() AS total FROM weir.metrics')
  assert.equal(Number(untiered), 0)
})

test('in VictoriaMetrics the tiers are told by their label, agree, and average without averages', { skip }, async t => {
  const store = await startVictoriaMetrics(path)
  t.after(() => store.stop())
  const rollup = await new Harness({}, EPOCH).start()
  const { sent } = await traffic(rollup)
  const exporter = victoriametrics.create(
    testConfig(victoriametrics, { endpoint: `${store.url}/api/v1/write` }),
    rollup.context
  )
  await exporter.export(joinBlocks(rollup.blocks), signal())
  await store.flush()
  const ask = async (query: string) => (await store.query(query, EPOCH + 40 * HOUR_S * 1000)).map(({ value }) => value)
  const sumOf = (name: string) => rollup.of('1s', name).reduce((sum, { value }) => sum + value, 0)
  const wanted = sumOf('queue.size.sum') / sumOf('queue.size.count')
  for (const tier of ['1s', '10s', '1m', '1h', '1d']) {
    assert.deepEqual(await ask(`sum(sum_over_time(requests{rollup="${tier}"}[48h]))`), [sent], tier)
    const [average] = await ask(
      `sum(sum_over_time(queue_size_sum{rollup="${tier}"}[48h])) / sum(sum_over_time(queue_size_count{rollup="${tier}"}[48h]))`
    )
    assert.ok(Math.abs(average / wanted - 1) < 1e-9, tier)
  }
})

test('each tier has the TTL of its tables', async () => {
  const rollup = await new Harness({}, EPOCH).start()
  await rollup.send([{ at: 1 }])
  rollup.advanceTo(2 * DAY_S, 60_000)
  await using store = await embedded({ database: 'weir' })
  await store.exporter.export(joinBlocks(rollup.blocks), signal())
  const tables = await store.rows<{ name: string; engine_full: string }>(
    "SELECT name, engine_full FROM system.tables WHERE database = 'weir' AND name LIKE 'samples_%' ORDER BY name"
  )
  assert.deepEqual(
    tables.map(({ name, engine_full }) => [name, / TTL .*toIntervalSecond\((\d+)\)/.exec(engine_full)?.[1]]),
    [
      ['samples_10s', String(7 * DAY_S)],
      ['samples_1d', String(1825 * DAY_S)],
      ['samples_1h', String(365 * DAY_S)],
      ['samples_1m', String(30 * DAY_S)],
      ['samples_1s', String(DAY_S)]
    ]
  )
})

function merged(outputs: readonly Output[]): DistinctSketch {
  const counter = new DistinctCounter()
  for (const { distribution } of outputs) addDistinct(counter, distribution as DistinctSketch)
  return distinctSketch(counter)
}

/** Three hours of points, some of them late, by seconds and by hours; all of it is out at the end. */
async function traffic(rollup: Harness): Promise<{ sent: number; members: number }> {
  let random = 1
  const next = () => (random = (random * 48_271) % 2_147_483_647) / 2_147_483_647
  let sent = 0
  let members = 0
  for (let at = 10; at < HOURS * HOUR_S; at += 7) {
    rollup.advanceTo(at, 500)
    const points: TestPoint[] = []
    for (const lag of [0, 0, next() * 5, next() < 0.1 ? next() * 300 : 0, next() < 0.02 ? next() * 6000 : 0]) {
      const value = Math.floor(next() * 100)
      sent += value
      points.push({ at: Math.max(0, at - lag), value, attributes: { route: `/${value % 3}` } })
    }
    const latency = next() * 10
    const observed = { kind: 'histogram', count: 2, min: latency, max: latency, bounds: [], counts: [] } as const
    points.push(
      {
        at: Math.max(0, at - next() * 20),
        metric: { name: 'latency', kind: 'histogram' },
        // Halves, so that sums are exact in whatever order they are made.
        distribution: { ...observed, sum: Math.round(latency * 2) }
      },
      { at, metric: { name: 'users', kind: 'set' }, distribution: { kind: 'set', members: [`user ${members++}`] } },
      { at, metric: { name: 'queue.size', kind: 'gauge', temporality: 'unspecified' }, value: Math.floor(next() * 50) }
    )
    await rollup.send(points)
  }
  rollup.advanceTo((HOURS + 30) * HOUR_S, 60_000)
  rollup.assertBalanced()
  return { sent, members }
}
