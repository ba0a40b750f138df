import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventBlockBuilder } from '../../../core/model/event-builder.ts'
import { TENANT } from '../../../core/model/tenant.ts'
import { type Attributes, type Block, PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { embedded, FOREVER, type Harness, signal } from './harness.ts'

const T = 1_760_000_000_000
const METRIC = { name: 'hits', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
const of = (tenant: string): Attributes => [[TENANT, tenant]]

/** A point with the tenant in its resource, one with it as an attribute, as of a window, one without; and events. */
function blocks({ context: { series } }: Harness, time: number): Block[] {
  const points = new PointBlockBuilder()
  points.add(series.intern(METRIC, [], { attributes: of('acme'), schemaUrl: '' }), time, 1)
  points.add(series.intern(METRIC, of('shop')), time, 2)
  points.add(series.intern(METRIC, []), time, 3)
  const events = new EventBlockBuilder()
  for (const tenant of ['acme', 'shop']) events.add(time, 'signup', of(tenant), undefined, 1)
  events.add(time, 'signup', [], undefined, 1)
  return [points.build(), events.build()]
}

async function store(h: Harness, time: number): Promise<void> {
  for (const block of blocks(h, time)) await h.exporter.export(block, signal())
}

const POINTS = 'SELECT tenant, value FROM weir.metrics ORDER BY time, value'
const EVENTS = 'SELECT tenant, toUInt32(count()) AS n FROM weir.events GROUP BY tenant ORDER BY tenant'

const EARLIER_EVENTS = `CREATE TABLE weir.earlier (time DateTime64(6, 'UTC'), name LowCardinality(String), id String,
  row UInt64, attributes Map(LowCardinality(String), String), value Float64)
ENGINE = ReplacingMergeTree PARTITION BY toYYYYMM(time) ORDER BY (name, time, id, row)`

test('rows have their tenant in a column, also those from before there was one', async () => {
  await using h = await embedded(FOREVER)
  await store(h, T)
  const points = ['acme', 'shop', ''].map((tenant, i) => ({ tenant, value: i + 1 }))
  const events = (n: number) => ['', 'acme', 'shop'].map(tenant => ({ tenant, n }))
  assert.deepEqual(await h.rows(POINTS), points)
  assert.deepEqual(await h.rows(EVENTS), events(1))
  // As tables of earlier versions are.
  for (const view of ['metrics', 'events']) await h.run(`DROP VIEW weir.${view}`)
  await h.run('ALTER TABLE weir.series DROP COLUMN tenant')
  await h.run(EARLIER_EVENTS)
  await h.run('INSERT INTO weir.earlier SELECT time, name, id, row, attributes, value FROM weir.event_rows')
  await h.run('DROP TABLE weir.event_rows')
  await h.run('RENAME TABLE weir.earlier TO weir.event_rows')
  await h.exporter.stop(signal())
  await using later = await embedded(FOREVER, h.folder)
  await store(later, T + 1000)
  assert.deepEqual(await later.rows(POINTS), [...points, ...points])
  assert.deepEqual(await later.rows(EVENTS), events(2))
  await later.run('OPTIMIZE TABLE weir.series FINAL')
  assert.deepEqual(await later.rows(POINTS), [...points, ...points])
})

test('events of two tenants with one id are two', async () => {
  await using h = await embedded(FOREVER)
  const events = new EventBlockBuilder()
  for (const tenant of ['acme', 'shop', 'acme']) events.add(T, 'signup', of(tenant), 'the id', 1)
  await h.exporter.export(events.build(), signal())
  assert.deepEqual(await h.rows(EVENTS), [
    { tenant: 'acme', n: 1 },
    { tenant: 'shop', n: 1 }
  ])
})
