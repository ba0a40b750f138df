import assert from 'node:assert/strict'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { PointBlockBuilder, type SeriesTable } from '../../../sdk/plugin/index.ts'
import { embedded, type Harness, signal, temporaryFolder } from './harness.ts'
import { counter, DISTRIBUTIONS, T } from './samples.ts'

const FOREVER = { ttl: '0', tiers: { '1s': '0s', '1m': '0s', '1h': '0s' } }

/** A point of each `rollup`, in turn, one a second; without the attribute where it is empty. */
function block(registry: Pick<SeriesTable, 'intern'>, rollups: readonly string[]) {
  const builder = new PointBlockBuilder()
  for (const [i, rollup] of rollups.entries())
    builder.add(counter(registry, 'requests', rollup === '' ? {} : { rollup }), T + i * 1000, i + 1, T)
  return builder.build()
}

const values = async (h: Harness, view: string) =>
  (await h.rows(`SELECT value FROM weir.${view} ORDER BY time`)).map(({ value }) => value)

async function ttls(h: Harness): Promise<Record<string, string>> {
  const tables = await h.rows<{ name: string; engine_full: string }>(
    "SELECT name, engine_full FROM system.tables WHERE database = 'weir' AND engine LIKE '%MergeTree' ORDER BY name"
  )
  return Object.fromEntries(
    tables.map(({ name, engine_full }) => [name, / TTL .*toIntervalSecond\((\d+)\)/.exec(engine_full)?.[1] ?? ''])
  )
}

test('points go to the tables of their tier; those of none, and of unknown ones, to the main tables', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(block(h.context.series, ['', '1s', '1m', '1s', '5m', '']), signal())
  assert.deepEqual(await values(h, 'metrics'), [1, 5, 6])
  assert.deepEqual(await values(h, 'metrics_1s'), [2, 4])
  assert.deepEqual(await values(h, 'metrics_1m'), [3])
  const [{ attributes }] = await h.rows('SELECT attributes FROM weir.metrics_1m')
  assert.deepEqual(attributes, { rollup: '1m' })
  assert.deepEqual(await h.rows('SELECT name FROM weir.series FINAL'), [{ name: 'requests' }, { name: 'requests' }])
})

test('distributions have their tier as well', async () => {
  await using h = await embedded(FOREVER)
  const builder = new PointBlockBuilder()
  const metric = { name: 'd', unit: '', description: '', kind: 'histogram', temporality: 'delta' } as const
  builder.addDistribution(h.context.series.intern(metric, [['rollup', '1h']]), T, DISTRIBUTIONS[0], T)
  await h.exporter.export(builder.build(), signal())
  const [row] = await h.rows('SELECT count, bounds FROM weir.metrics_1h')
  assert.deepEqual(row, { count: 6, bounds: [1, 2] })
})

test('a tier is made when its first point comes, with its TTL, and follows a new one', async () => {
  const folder = await temporaryFolder()
  const days = (n: number) => String(n * 86_400)
  try {
    {
      await using h = await embedded({ ttl: '3000d', tiers: { '1m': '4000d', '1d': '5000d' } }, folder)
      await h.exporter.export(block(h.context.series, ['']), signal())
      assert.deepEqual(Object.keys(await ttls(h)), ['distributions', 'event_rows', 'samples', 'series'])
      await h.exporter.export(block(h.context.series, ['1m']), signal())
      const { distributions_1m, samples_1m, series_1m, samples } = await ttls(h)
      assert.deepEqual(
        [distributions_1m, samples_1m, series_1m, samples],
        [days(4000), days(4000), days(4002), days(3000)]
      )
    }
    await using h = await embedded({ ttl: '3000d', tiers: { '1m': '6000d', '1d': '0s' } }, folder)
    await h.exporter.export(block(h.context.series, ['', '1m', '1d']), signal())
    const { samples_1m, series_1m, samples_1d, samples } = await ttls(h)
    assert.deepEqual([samples_1m, series_1m, samples_1d, samples], [days(6000), days(6002), '', days(3000)])
    assert.deepEqual(await values(h, 'metrics_1m'), [1, 2])
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
})

test('rows older than their tier’s TTL are deleted, and the other tiers stay', async () => {
  await using h = await embedded({ ttl: '0', tiers: { '1s': '1d', '1h': '0s' } })
  await h.exporter.export(block(h.context.series, ['1s', '1h']), signal())
  await h.run('OPTIMIZE TABLE weir.samples_1s FINAL')
  await h.run('OPTIMIZE TABLE weir.samples_1h FINAL')
  assert.deepEqual(await values(h, 'metrics_1s'), [])
  assert.deepEqual(await values(h, 'metrics_1h'), [2])
})

test('tables of a tier dropped under a running Weir come back', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(block(h.context.series, ['1m']), signal())
  await h.run('DROP DATABASE weir')
  const again = block(h.context.series, ['1m', '1m'])
  await assert.rejects(h.exporter.export(again, signal()), { name: 'ExportError', retryable: true })
  await h.exporter.export(again, signal())
  assert.deepEqual(await values(h, 'metrics_1m'), [1, 2])
})

test('tables of earlier versions get the column for sketches', async () => {
  await using h = await embedded(FOREVER)
  await h.exporter.export(block(h.context.series, ['']), signal())
  await h.run('DROP VIEW weir.metrics')
  await h.run('ALTER TABLE weir.distributions DROP COLUMN registers')
  await h.exporter.stop(signal())
  const builder = new PointBlockBuilder()
  const metric = { name: 'users', unit: '', description: '', kind: 'set', temporality: 'delta' } as const
  builder.addDistribution(h.context.series.intern(metric, []), T, DISTRIBUTIONS[5], T)
  await using later = await embedded(FOREVER, h.folder)
  await later.exporter.export(builder.build(), signal())
  const [{ n }] = await later.rows("SELECT toUInt32(length(registers)) AS n FROM weir.metrics WHERE name = 'users'")
  assert.equal(n, 2)
})
