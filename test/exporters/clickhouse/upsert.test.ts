import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PointBlockBuilder, type SeriesTable } from '../../../sdk/plugin/index.ts'
import { embedded, FOREVER, type Harness, signal } from './harness.ts'
import { counter, DISTRIBUTIONS, T } from './samples.ts'

/** A number and a histogram, both of them `value` at the same time of the same series. */
function block(registry: Pick<SeriesTable, 'intern'>, value: number) {
  const builder = new PointBlockBuilder()
  builder.add(counter(registry, 'windows', { window: '10s' }), T, value, T - 10_000)
  const metric = { name: 'latency', unit: '', description: '', kind: 'histogram', temporality: 'delta' } as const
  builder.addDistribution(registry.intern(metric, []), T, { ...DISTRIBUTIONS[0], sum: value } as never, T - 10_000)
  return builder.build()
}

async function valuesIn(h: Harness, from: string, column = 'value'): Promise<unknown[]> {
  const rows = await h.rows(`SELECT ${column} AS v FROM weir.${from} ORDER BY v`)
  return rows.map(({ v }) => v)
}

// Also where the later value is the smaller one.
for (const [first, second] of [
  [5, 7],
  [7, 5]
]) {
  test(`compact: ${first}, then ${second}: the later one stands at once where it is asked for, and alone after a merge`, async () => {
    await using h = await embedded(FOREVER)
    await h.exporter.export(block(h.context.series, first), signal())
    await h.exporter.export(block(h.context.series, second), signal())
    assert.deepEqual(await valuesIn(h, 'metrics'), [second, second])
    for (const table of ['samples', 'distributions']) {
      assert.deepEqual(await valuesIn(h, table), [first, second].sort(), `${table} before a merge`)
      assert.deepEqual(await valuesIn(h, `${table} FINAL`), [second])
      await h.run(`OPTIMIZE TABLE weir.${table} FINAL`)
      assert.deepEqual(await valuesIn(h, table), [second], `${table} after it`)
      assert.deepEqual(await valuesIn(h, `${table} FINAL`), [second])
    }
  })
}

test('compact: sent again after the correction, as after a crash, both come again and the later one stands', async () => {
  await using h = await embedded(FOREVER)
  for (const value of [5, 7, 5, 7]) await h.exporter.export(block(h.context.series, value), signal())
  assert.deepEqual(await valuesIn(h, 'metrics'), [7, 7])
  await h.run('OPTIMIZE TABLE weir.samples FINAL')
  assert.deepEqual(await valuesIn(h, 'samples'), [7])
})

test('otel: two values that differ stay two, also after a merge; the same one twice is one', async () => {
  await using h = await embedded({ ...FOREVER, schema: 'otel' })
  for (const value of [5, 7, 7]) await h.exporter.export(block(h.context.series, value), signal())
  await h.run('OPTIMIZE TABLE weir.otel_metrics_sum FINAL')
  assert.deepEqual(await valuesIn(h, 'otel_metrics_sum', 'Value'), [5, 7])
})
