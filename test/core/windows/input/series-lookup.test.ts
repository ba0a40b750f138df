import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PointBlockBuilder } from '../../../../core/model/points.ts'
import type { SeriesColumn } from '../../../../core/model/series-table/series-column.ts'
import { type Series, SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { Grouping } from '../../../../core/windows/groups/grouping.ts'
import { Groups } from '../../../../core/windows/groups/groups.ts'
import { SlotSet } from '../../../../core/windows/groups/slot-set.ts'
import { CUMULATIVE, SeriesLookup, TOO_MANY } from '../../../../core/windows/input/series-lookup.ts'

const ROOMY = { cumulative: 10, cumulativeBytes: 1e6 }
const table = new SeriesTable()

function seriesOf(host: string, temporality: 'delta' | 'cumulative' = 'delta'): SeriesColumn {
  const builder = new PointBlockBuilder()
  builder.add(
    table.intern({ name: 'a', unit: '', description: '', kind: 'counter', temporality }, [['host', host]]),
    1,
    1
  )
  return builder.build().series
}

test('a series is looked up once', () => {
  const asked: string[] = []
  const groups = new Groups(table, new Grouping(undefined, ['host']), 10)
  const kindOf = ({ attributes }: Series) => {
    asked.push(String(attributes[0][1]))
    return 'counter' as const
  }
  const inputs = new SeriesLookup(table, groups, 0, kindOf, { ...ROOMY, cumulative: 0 })
  const slots = ['x', 'y', 'x'].map(host => inputs.slotOf(seriesOf(host), 0))
  assert.deepEqual(new Set(slots), new Set([slots[0]]))
  assert.deepEqual(asked, ['x', 'y'])
})

test('a cumulative series that is looked up anew goes on from its last point', () => {
  const groups = new Groups(table, new Grouping(undefined, []), 10)
  const inputs = new SeriesLookup(table, groups, 0, () => 'counter', { ...ROOMY, cumulative: 2 })
  const into = { slot: 0, sum: 0, count: 0, histogram: undefined }
  const adds = (host: string, time: number, sum: number) => {
    const series = seriesOf(host, 'cumulative')
    assert.equal(inputs.slotOf(series, 0), CUMULATIVE)
    inputs.increment(series, 0, { start: 1, time, sum, count: 0, histogram: undefined }, into)
    runThrough(inputs.expire(0, new SlotSet(groups.length)))
    return into.sum
  }
  assert.deepEqual([adds('x', 10, 5), adds('y', 10, 7), adds('x', 20, 8), adds('y', 20, 8)], [5, 7, 3, 1])
})

test('of cumulative series so many are remembered; those that fall silent make room', () => {
  const groups = new Groups(table, new Grouping([], []), 10)
  const inputs = new SeriesLookup(table, groups, 0, () => 'counter', { ...ROOMY, cumulative: 1 })
  const into = { slot: 0, sum: 0, count: 0, histogram: undefined }
  const point = { start: 1, time: 10, sum: 1, count: 0, histogram: undefined }
  assert.equal(inputs.slotOf(seriesOf('x', 'cumulative'), 0), CUMULATIVE)
  inputs.increment(seriesOf('x', 'cumulative'), 0, point, into)
  assert.equal(inputs.slotOf(seriesOf('y', 'cumulative'), 0), TOO_MANY)
  assert.equal(inputs.slotOf(seriesOf('y'), 0), 0, 'increments need no memory')
  runThrough(inputs.expire(20, new SlotSet(groups.length)))
  assert.equal(inputs.slotOf(seriesOf('y', 'cumulative'), 0), CUMULATIVE)
  assert.equal(inputs.slotOf(seriesOf('x', 'cumulative'), 0), TOO_MANY)
})

test('regression: cumulative series were bounded by their number, whatever their identities took', () => {
  const groups = new Groups(table, new Grouping([], []), 10)
  const inputs = new SeriesLookup(table, groups, 0, () => 'counter', { ...ROOMY, cumulativeBytes: 100_000 })
  assert.equal(inputs.slotOf(seriesOf('x'.repeat(150_000), 'cumulative'), 0), CUMULATIVE)
  assert.equal(inputs.slotOf(seriesOf('y', 'cumulative'), 0), TOO_MANY)
})
