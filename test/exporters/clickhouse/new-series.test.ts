import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pointRows } from '../../../exporters/clickhouse/compact-rows.ts'
import { WrittenSeries } from '../../../exporters/clickhouse/written-series.ts'
import { PointBlockBuilder } from '../../../sdk/plugin/index.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'

const METRIC = { name: 'load', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
const DAY_MS = 86_400_000
const NOW = 1_760_000_000_000
const TABLES = { suffix: '', tables: [], views: [], added: [], ttls: new Map() }

test('regression: new series got no row if others had one: only those of the first block were written', () => {
  const { series } = testContext()
  const cache = new WrittenSeries([])
  const insert = (time: number, ...hosts: string[]) => {
    const builder = new PointBlockBuilder()
    for (const host of hosts) builder.addId(series, series.idOf(METRIC, [['host', host]]), time, 1)
    const inserts = pointRows(builder.build(), TABLES, cache)
    for (const { stored } of inserts) stored?.()
    return inserts.map(({ table }) => table)
  }
  assert.deepEqual(insert(NOW, 'a', 'b'), ['series', 'samples'])
  assert.deepEqual(insert(NOW, 'c', 'a'), ['series', 'samples'])
  assert.deepEqual(insert(NOW, 'c', 'a'), ['samples'])
  assert.deepEqual(insert(NOW + DAY_MS, 'a'), ['series', 'samples'])
  assert.deepEqual(insert(-DAY_MS, 'old'), ['series', 'samples'])
})
