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

test('rows have their tenant in a column, also those from before there was one', async () => {
  await using h = await embedded(FOREVER)
  await store(h, T)
  const points = ['acme', 'shop', ''].map((tenant, i) => ({ tenant, value: i + 1 }))
  const events = (n: number) => ['', 'acme', 'shop'].map(tenant => ({ tenant, n }))
  assert.deepEqual(await h.rows(POINTS), points)
  assert.deepEqual(await h.rows(EVENTS), events(1))
  // As tables of earlier versions are.
  for (const view of ['metrics', 'events']) await h.run(`DROP VIEW weir.${view}`)
  for (const table of ['series', 'event_rows']) await h.run(`ALTER TABLE weir.${table} DROP COLUMN tenant`)
  await h.exporter.stop(signal())
  await using later = await embedded(FOREVER, h.folder)
  await store(later, T + 1000)
  assert.deepEqual(await later.rows(POINTS), [...points, ...points])
  assert.deepEqual(await later.rows(EVENTS), events(2))
  await later.run('OPTIMIZE TABLE weir.series FINAL')
  assert.deepEqual(await later.rows(POINTS), [...points, ...points])
})
