import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { StreamTable } from '../../../core/model/stream-table.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const registry = new SeriesTable()
const seriesOf = (id: number, length: number) => registry.intern(METRIC, [['id', `${id}${'x'.repeat(length)}`]])

test('regression: streams were bounded by their number, whatever their series took in memory', () => {
  const table = new StreamTable<{ lastSeen: number }>(registry, 100, 1000)
  let added = 0
  for (let i = 0; i < 200; i++) if (table.add(seriesOf(i, 20_000).id, { lastSeen: 1 })) added++
  assert.ok(added > 2 && added < 10, `${added}`)
  table.expire(10_000)
  for (let i = 0; i < 100; i++) assert.equal(table.add(seriesOf(i, 0).id, { lastSeen: 10_000 }), true)
  assert.equal(table.add(seriesOf(100, 0).id, { lastSeen: 10_000 }), false)
})

test('streams that were restored take their places', () => {
  const table = new StreamTable<{ lastSeen: number }>(registry, 10, 1000)
  assert.equal(table.add(seriesOf(1, 20_000).id, { lastSeen: 1 }), true)
  const restored = new StreamTable<{ lastSeen: number }>(registry, 10, 1000)
  restored.restore(
    table.save(state => state),
    state => state
  )
  assert.equal(restored.add(seriesOf(2, 0).id, { lastSeen: 1 }), false)
})
