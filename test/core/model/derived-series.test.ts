import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DerivedSeries } from '../../../core/model/derived-series.ts'
import type { Metric } from '../../../core/model/series.ts'
import { SeriesColumn } from '../../../core/model/series-table/series-column.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { expireIdle } from './series-table/idle-series.ts'

const METRIC: Metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'cumulative' }
const DELTA: Metric = { ...METRIC, temporality: 'delta' }

const columnOf = (table: SeriesTable, id: number) => new SeriesColumn(table, Uint32Array.of(id))

test('a series that stays as it is goes once it is silent', async () => {
  const table = new SeriesTable()
  const derived = new DerivedSeries(series => series.id)
  for (let round = 0; round < 3; round++) {
    const id = table.idOf(METRIC, [['round', round]])
    assert.equal(derived.idOf(columnOf(table, id), 0), id)
  }
  await expireIdle(table)
  assert.equal(table.size, 0)
  derived.idOf(columnOf(table, table.idOf(METRIC, [])), 0)
})

test('series that are derived from each other go once both are silent', async () => {
  const table = new SeriesTable()
  const toDelta = new DerivedSeries(({ attributes }) => table.idOf(DELTA, attributes))
  const toCumulative = new DerivedSeries(({ attributes }) => table.idOf(METRIC, attributes))
  const roundTrip = (host: string) => {
    const id = table.idOf(METRIC, [['host', host]])
    assert.equal(toCumulative.idOf(columnOf(table, toDelta.idOf(columnOf(table, id), 0)), 0), id)
  }
  for (const host of ['a', 'b']) roundTrip(host)
  await expireIdle(table)
  assert.equal(table.size, 0)
  // Both are in use still, and the ids mean others now.
  for (const host of ['c', 'd', 'b']) roundTrip(host)
})

test('a derived series stays as long as points of its source come', async () => {
  const table = new SeriesTable()
  const derived = new DerivedSeries(({ attributes }) => table.idOf(DELTA, attributes))
  const source = table.intern(METRIC, [['host', 'a']])
  const id = derived.idOf(columnOf(table, source.id), 0)
  for (let round = 0; round < 3; round++) {
    for (let epoch = 0; epoch < 3; epoch++) for (const _ of table.expireIdle(1));
    table.idOf(METRIC, [['round', round]])
    assert.equal(derived.idOf(columnOf(table, source.id), 0), id)
    assert.deepEqual(table.read(id).attributes, [['host', 'a']])
  }
})
