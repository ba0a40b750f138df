import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PointBlockBuilder } from '../../../../core/model/points.ts'
import type { Temporality } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { instantOf } from '../../../../core/windows/input/intervals.ts'

const NOW = 1_700_000_000_000
const registry = new SeriesTable()

function blockOf(temporality: Temporality, start: number) {
  const builder = new PointBlockBuilder()
  const metric = { name: 'a', unit: '', description: '', kind: 'counter', temporality } as const
  builder.add(registry.intern(metric, []), NOW, 1, start)
  return builder.build()
}

for (const [name, temporality, start, isBefore] of [
  ['a delta with an interval counts in its last instant', 'delta', NOW - 1000, true],
  ['a delta without one counts at its time', 'delta', 0, false],
  ['an empty interval is none', 'delta', NOW, false],
  ['a count has begun long ago', 'cumulative', NOW - 1000, false],
  ['a gauge is a sample', 'unspecified', NOW - 1000, false]
] as const) {
  test(name, () => {
    const block = blockOf(temporality, start)
    const at = instantOf(block, 0)
    assert.equal(Math.floor(at / 1000), isBefore ? NOW / 1000 - 1 : NOW / 1000)
    assert.ok(NOW - at < 0.01)
  })
}
