import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { seriesHash } from '../../../exporters/clickhouse/written-series.ts'
import { FLAG_NO_RECORDED_VALUE, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { embedded, FOREVER, signal, temporaryFolder } from './harness.ts'
import { counter, counterBlock, distributionBlock, T } from './samples.ts'

test('series_id is the same in every process and version', () => {
  assert.equal(seriesHash('["up","","gauge"]').readBigUInt64LE().toString(), '8712578973833203598')
})

test('a counter, its series and everything known of it', async () => {
  await using h = await embedded(FOREVER)
  const metric = {
    name: 'http_requests',
    unit: '{request}',
    description: 'served',
    kind: 'counter',
    temporality: 'delta'
  } as const
  const resource = { attributes: [['service.name', 'shop'] as const], schemaUrl: '' }
  const scope = { name: 'lib', version: '1.2', attributes: [['a', 1] as const], schemaUrl: '' }
  const series = h.context.series.intern(
    metric,
    [
      ['bytes', Uint8Array.of(1, 2)],
      ['route', '/x'],
      ['window', '10s']
    ],
    resource,
    scope
  )
  const builder = new PointBlockBuilder()
  builder.add(series, T + 10_000.125, 5, T)
  builder.add(series, T + 20_000, 2.5, T + 10_000)
  await h.exporter.export(builder.build(), signal())
  const [first, second] = await h.rows('SELECT *, toString(series_id) AS id FROM weir.metrics ORDER BY time')
  const { name, time, start, value, attributes, kind, temporality, unit, description, id } = first
  assert.deepEqual(
    [name, time, start, value],
    ['http_requests', '2025-10-09 08:53:30.000125', '2025-10-09 08:53:20.000000', 5]
  )
  assert.deepEqual([kind, temporality, unit, description], ['counter', 'delta', '{request}', 'served'])
  assert.deepEqual(attributes, { bytes: 'AQI=', route: '/x', window: '10s' })
  assert.deepEqual(
    [first.resource, first.scope_name, first.scope_version, first.scope_attributes],
    [{ 'service.name': 'shop' }, 'lib', '1.2', { a: '1' }]
  )
  assert.equal(id, seriesHash(series.key).readBigUInt64LE().toString())
  assert.deepEqual([second.time, second.value], ['2025-10-09 08:53:40.000000', 2.5])
  const [seen] = await h.rows('SELECT first_seen, last_seen FROM weir.series FINAL')
  assert.deepEqual(seen, { first_seen: '2025-10-09 08:53:30', last_seen: '2025-10-09 08:53:40' })
  assert.deepEqual(await h.rows(PER_WINDOW), [
    { time: '2025-10-09 08:53:30.000125', route: '/x', value: 5 },
    { time: '2025-10-09 08:53:40.000000', route: '/x', value: 2.5 }
  ])
})

const PER_WINDOW = `SELECT time, attributes['route'] AS route, value FROM weir.metrics
WHERE name = 'http_requests' AND attributes['window'] = '10s' ORDER BY time`

test('every kind of distribution', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(distributionBlock(h.context.series), signal())
  const rows =
    await h.rows(`SELECT name, kind, value, count, toString(min) AS min, toString(max) AS max, bounds, counts, scale,
    zero_count, zero_threshold, mapKeys(positive) AS p, mapValues(positive) AS pv, mapKeys(negative) AS n,
    mapValues(negative) AS nv, mapKeys(quantiles) AS q, mapValues(quantiles) AS qv, members,
    mapKeys(registers) AS r, mapValues(registers) AS rv FROM weir.metrics ORDER BY name`)
  const plain = { min: 'nan', max: 'nan', bounds: [], counts: [], scale: 0, zero_count: 0, zero_threshold: 0 }
  const none = { ...plain, p: [], pv: [], n: [], nv: [], q: [], qv: [], members: [], r: [], rv: [] }
  assert.deepEqual(rows, [
    {
      ...none,
      name: 'd0',
      kind: 'histogram',
      value: 10.5,
      count: 6,
      min: '0.5',
      max: '4',
      bounds: [1, 2],
      counts: [3, 2, 1]
    },
    { ...none, name: 'd1', kind: 'histogram', value: 3, count: 2 ** 53 },
    { ...none, ...EXPONENTIAL, name: 'd2', kind: 'exponential_histogram', value: 11, count: 7, min: '-2', max: '8' },
    { ...none, name: 'd3', kind: 'summary', value: 12, count: 9, q: [0.5, 0.99], qv: [1.25, 4] },
    { ...none, name: 'd4', kind: 'set', value: 3, count: 3, members: ['ann', 'böb', ''] },
    { ...none, name: 'd5', kind: 'set', value: 2, count: 2, r: [3, 16_383], rv: [5, 1] },
    { ...none, name: 'd6', kind: 'set', value: 9, count: 9, r: [1, 2], rv: [7, 51] }
  ])
})

const EXPONENTIAL = { scale: 3, zero_count: 1, zero_threshold: 1e-9, p: [-2, -1, 0], pv: [1, 0, 3], n: [4], nv: [2] }

test('points sent twice are read once, in one block or two', async () => {
  await using h = await embedded(FOREVER)
  const block = counterBlock(h.context.series, 5000, 50)
  await h.exporter.export(block, signal())
  await h.exporter.export(block, signal())
  await h.exporter.export(counterBlock(h.context.series, 2500, 50), signal())
  const [{ points, total }] = await h.rows('SELECT count() AS points, sum(value) AS total FROM weir.metrics')
  assert.deepEqual([Number(points), total], [5000, (5000 * 4999) / 2])
  const [{ series }] = await h.rows('SELECT count() AS series FROM weir.series FINAL')
  assert.equal(Number(series), 50)
})

test('infinities and NaN are stored; the end of a series is stored, and not read as a value', async () => {
  await using h = await embedded(FOREVER)
  const builder = new PointBlockBuilder()
  const series = counter(h.context.series, 'odd', {})
  for (const [i, value] of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0].entries())
    builder.add(series, T + i, value)
  builder.add(series, T + 9, 77, 0, FLAG_NO_RECORDED_VALUE)
  await h.exporter.export(builder.build(), signal())
  const values = await h.rows('SELECT toString(value) AS v FROM weir.metrics ORDER BY time')
  assert.deepEqual(
    values.map(row => row.v),
    ['nan', 'inf', '-inf', '-0']
  )
  assert.deepEqual(await h.rows('SELECT toString(value) AS v, flags FROM weir.samples WHERE flags = 1'), [
    { v: 'nan', flags: 1 }
  ])
})

test('events: equal ones are two, the same ones sent again are not', async () => {
  await using h = await embedded(FOREVER)
  const block = (ids: (string | undefined)[]) => ({
    type: 'events' as const,
    length: ids.length,
    time: new Float64Array(ids.length).fill(T),
    name: ids.map(() => 'signup'),
    id: ids,
    attributes: ids.map(() => [['plan', 'pro'] as const]),
    value: new Float64Array(ids.length).fill(2)
  })
  const anonymous = block([undefined, undefined])
  await h.exporter.export(anonymous, signal())
  await h.exporter.export(anonymous, signal())
  await h.exporter.export(block([undefined]), signal())
  await h.exporter.export(block(['e1', 'e2']), signal())
  await h.exporter.export(block(['e2', 'e3']), signal())
  const rows = await h.rows('SELECT time, name, id, attributes, value FROM weir.events ORDER BY id')
  assert.deepEqual(
    rows.map(row => row.id),
    ['', '', '', 'e1', 'e2', 'e3']
  )
  assert.deepEqual(rows[3], {
    time: '2025-10-09 08:53:20.000000',
    name: 'signup',
    id: 'e1',
    attributes: { plan: 'pro' },
    value: 2
  })
})

test('a restart on the same folder keeps stored data, and follows a new TTL', async () => {
  const folder = await temporaryFolder()
  try {
    {
      await using h = await embedded({ ttl: '1000d' }, folder)
      await h.exporter.export(counterBlock(h.context.series, 100, 10), signal())
      const [{ engine }] = await h.rows("SELECT engine_full AS engine FROM system.tables WHERE name = 'samples'")
      assert.match(
        engine as string,
        /PARTITION BY toYYYYMM\(time\).* TTL toDateTime\(time\) \+ toIntervalSecond\(86400000\)/
      )
    }
    await using h = await embedded({ ttl: '2000d' }, folder)
    await h.exporter.export(counterBlock(h.context.series, 200, 10), signal())
    const [{ points }] = await h.rows('SELECT count() AS points FROM weir.metrics')
    assert.equal(Number(points), 200)
    const tables = await h.rows(
      "SELECT name, engine_full FROM system.tables WHERE database = 'weir' AND engine LIKE '%MergeTree' ORDER BY name"
    )
    const ttls = tables.map(({ name, engine_full }) => [
      name,
      /toIntervalSecond\((\d+)\)/.exec(engine_full as string)?.[1]
    ])
    assert.deepEqual(ttls, [
      ['distributions', '172800000'],
      ['event_rows', '172800000'],
      ['samples', '172800000'],
      ['series', '172972800']
    ])
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})

test('tables dropped under a running Weir come back, with every series', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(counterBlock(h.context.series, 10, 10), signal())
  await h.run('DROP DATABASE weir')
  const block = counterBlock(h.context.series, 20, 10)
  await assert.rejects(h.exporter.export(block, signal()), { name: 'ExportError', retryable: true })
  await h.exporter.export(block, signal())
  const [{ points }] = await h.rows('SELECT count() AS points FROM weir.metrics')
  assert.equal(Number(points), 20)
})

test('regression: of StatsD’s increments of one millisecond only the last was stored', async () => {
  await using h = await embedded(FOREVER)
  const metric = { name: 'hits', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const series = ['/a', '/b'].map(page => h.context.series.intern(metric, [['page', page]]))
  const builder = new PointBlockBuilder()
  for (const [page, time, value] of [
    [0, T, 1],
    [1, T, 10],
    [0, T, 2],
    [0, T, 4],
    [0, T + 1, 8]
  ]) {
    builder.add(series[page], time, value)
  }
  // With an interval it is one increment, sent twice.
  builder.add(series[1], T + 1, 5, T)
  builder.add(series[1], T + 1, 5, T)
  await h.exporter.export(builder.build(), signal())
  const rows = await h.rows('SELECT attributes, sum(value) AS sum FROM weir.metrics GROUP BY attributes ORDER BY sum')
  assert.deepEqual(
    rows.map(({ sum }) => sum),
    [15, 15]
  )
})

test('regression: scales beyond an Int8 wrapped around', async () => {
  await using h = await embedded(FOREVER)
  const metric = { name: 'd', unit: '', description: '', kind: 'exponential_histogram', temporality: 'delta' } as const
  const builder = new PointBlockBuilder()
  const shape = { zeroCount: 0, zeroThreshold: 0, negative: { offset: 0, counts: [] } }
  const known = { kind: 'exponential_histogram', count: 3, sum: 3, min: 1, max: 1 } as const
  for (const [i, scale] of [200, 127, -128, -300].entries())
    builder.addDistribution(h.context.series.intern(metric, []), T + i * 1000, {
      ...known,
      ...shape,
      scale,
      positive: { offset: 0, counts: [1, 2] }
    })
  await h.exporter.export(builder.build(), signal())
  const rows = await h.rows('SELECT scale, arraySum(mapValues(positive)) AS n FROM weir.metrics ORDER BY time')
  assert.deepEqual(
    rows.map(({ scale, n }) => [scale, n]),
    [
      [20, 3],
      [127, 3],
      [-128, 3],
      [-128, 3]
    ]
  )
})
