import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeriesRegistry } from '../../../core/model/series.ts'
import { SeriesMemo } from '../../../core/model/series-memo.ts'
import { StreamTable } from '../../../core/model/stream-table.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const registry = new SeriesRegistry()
const seriesOf = (id: number, length: number) => registry.intern(METRIC, [['id', `${id}${'x'.repeat(length)}`]])

test('regression: streams were bounded by their number, whatever their series took in memory', () => {
  const table = new StreamTable<{ lastSeen: number }>(100, 1000)
  let added = 0
  for (let i = 0; i < 200; i++) if (table.add(seriesOf(i, 20_000), { lastSeen: 1 })) added++
  assert.ok(added > 2 && added < 10, `${added}`)
  table.expire(10_000)
  for (let i = 0; i < 100; i++) assert.equal(table.add(seriesOf(i, 0), { lastSeen: 10_000 }), true)
  assert.equal(table.add(seriesOf(100, 0), { lastSeen: 10_000 }), false)
})

test('streams that were restored take their places', () => {
  const table = new StreamTable<{ lastSeen: number }>(10, 1000)
  assert.equal(table.add(seriesOf(1, 20_000), { lastSeen: 1 }), true)
  const restored = new StreamTable<{ lastSeen: number }>(10, 1000)
  restored.restore(
    table.save(state => state),
    registry,
    state => state
  )
  assert.equal(restored.add(seriesOf(2, 0), { lastSeen: 1 }), false)
})

test('regression: values derived from series kept any amount of memory of them', () => {
  let made = 0
  const cache = new SeriesMemo(() => ++made)
  const large = Array.from({ length: 12 }, (_, i) => seriesOf(i, 5_000_000))
  for (const series of large) cache.get(series)
  assert.equal(cache.get(large[0]), 13, 'it has been let go')
  assert.equal(cache.get(large[11]), 12, 'it is there still')
})
