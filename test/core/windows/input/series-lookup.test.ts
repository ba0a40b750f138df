import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Series, SeriesRegistry } from '../../../../core/model/series.ts'
import { Grouping } from '../../../../core/windows/groups/grouping.ts'
import { Groups } from '../../../../core/windows/groups/groups.ts'
import { CUMULATIVE, SeriesLookup, TOO_MANY } from '../../../../core/windows/input/series-lookup.ts'

const ROOMY = { fast: 10, fastBytes: 1e6, cumulative: 10, cumulativeBytes: 1e6 }
const registry = new SeriesRegistry()
const seriesOf = (host: string, temporality: 'delta' | 'cumulative' = 'delta') =>
  registry.intern({ name: 'a', unit: '', description: '', kind: 'counter', temporality }, [['host', host]])

test('series beyond the most are let go, and found again in the same group', () => {
  const asked: string[] = []
  const groups = new Groups(new Grouping(undefined, ['host']), 10)
  const kindOf = ({ attributes }: Series) => {
    asked.push(String(attributes[0][1]))
    return 'counter' as const
  }
  const inputs = new SeriesLookup(groups, 0, kindOf, { ...ROOMY, fast: 2, cumulative: 0 })
  const slots = ['x', 'y', 'x', 'z', 'x', 'z'].map(host => inputs.slotOf(seriesOf(host)))
  assert.deepEqual(new Set(slots), new Set([slots[0]]))
  assert.deepEqual(asked, ['x', 'y', 'z', 'x'])
})

test('a cumulative series that was let go goes on from its last point', () => {
  const groups = new Groups(new Grouping(undefined, []), 10)
  const inputs = new SeriesLookup(groups, 0, () => 'counter', { ...ROOMY, fast: 1, cumulative: 2 })
  const into = { slot: 0, sum: 0, count: 0, histogram: undefined }
  const adds = (host: string, time: number, sum: number) => {
    const series = seriesOf(host, 'cumulative')
    assert.equal(inputs.slotOf(series), CUMULATIVE)
    inputs.increment(series, { start: 1, time, sum, count: 0, histogram: undefined }, into)
    return into.sum
  }
  assert.deepEqual([adds('x', 10, 5), adds('y', 10, 7), adds('x', 20, 8), adds('y', 20, 8)], [5, 7, 3, 1])
})

test('of cumulative series so many are remembered; those that fall silent make room', () => {
  const groups = new Groups(new Grouping([], []), 10)
  const inputs = new SeriesLookup(groups, 0, () => 'counter', { ...ROOMY, cumulative: 1 })
  const into = { slot: 0, sum: 0, count: 0, histogram: undefined }
  assert.equal(inputs.slotOf(seriesOf('x', 'cumulative')), CUMULATIVE)
  inputs.increment(seriesOf('x', 'cumulative'), { start: 1, time: 10, sum: 1, count: 0, histogram: undefined }, into)
  assert.equal(inputs.slotOf(seriesOf('y', 'cumulative')), TOO_MANY)
  assert.equal(inputs.slotOf(seriesOf('y')), 0, 'increments need no memory')
  inputs.expire(20, [])
  assert.equal(inputs.slotOf(seriesOf('y', 'cumulative')), CUMULATIVE)
  assert.equal(inputs.slotOf(seriesOf('x', 'cumulative')), TOO_MANY)
})

test('regression: series that are looked up fast were bounded by their number, whatever they took in memory', () => {
  const groups = new Groups(new Grouping([], []), 10)
  let asked = 0
  const kindOf = () => {
    asked++
    return 'counter' as const
  }
  const inputs = new SeriesLookup(groups, 0, kindOf, { ...ROOMY, fastBytes: 5000 })
  const [small, large] = [seriesOf('small'), seriesOf('x'.repeat(5000))]
  inputs.slotOf(small)
  inputs.slotOf(large)
  inputs.slotOf(seriesOf('other'))
  assert.equal(asked, 3)
  inputs.slotOf(large)
  assert.equal(asked, 4, 'it has been let go')
})

test('regression: cumulative series were bounded by their number, whatever their identities took', () => {
  const groups = new Groups(new Grouping([], []), 10)
  const inputs = new SeriesLookup(groups, 0, () => 'counter', { ...ROOMY, cumulativeBytes: 100_000 })
  assert.equal(inputs.slotOf(seriesOf('x'.repeat(150_000), 'cumulative')), CUMULATIVE)
  assert.equal(inputs.slotOf(seriesOf('y', 'cumulative')), TOO_MANY)
})
