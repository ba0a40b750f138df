import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PointBlockBuilder } from '../../../core/model/points.ts'
import type { Metric } from '../../../core/model/series.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../core/model/stepwise.ts'
import { expireIdle } from './series-table/idle-series.ts'

const METRIC: Metric = { name: 'a', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }

test('a builder that is kept after its block does not keep series that came later', async () => {
  const table = new SeriesTable()
  const added = new PointBlockBuilder()
  const found = new PointBlockBuilder()
  const copied = new PointBlockBuilder()
  build(table, added, found, copied)
  runThrough(table.expireIdle(1))
  table.idOf(METRIC, [['came', 'later']])
  await expireIdle(table)
  assert.equal(table.size, 0)
  assert.deepEqual(
    [added, found, copied].map(builder => builder.build().length),
    [0, 0, 0]
  )
})

// A function of its own, so that no variable of the test keeps a block.
function build(table: SeriesTable, added: PointBlockBuilder, found: PointBlockBuilder, copied: PointBlockBuilder) {
  const id = table.idOf(METRIC, [])
  found.addUnnamed(1, 2, 0, 0)
  copied.copy(
    found.buildWith(table, ids => ids.fill(id)),
    0
  )
  assert.equal(copied.build().series.ids[0], id)
  added.addId(table, id, 1, 2)
  assert.equal(added.build().value[0], 2)
}
