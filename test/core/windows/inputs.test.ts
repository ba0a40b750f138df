import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Series, SeriesRegistry } from '../../../core/model/series.ts'
import { Grouping } from '../../../core/windows/grouping.ts'
import { Groups } from '../../../core/windows/groups.ts'
import { CUMULATIVE, Inputs } from '../../../core/windows/inputs.ts'

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
  const inputs = new Inputs(groups, 0, kindOf, 2)
  const slots = ['x', 'y', 'x', 'z', 'x', 'z'].map(host => inputs.slotOf(seriesOf(host)))
  assert.deepEqual(new Set(slots), new Set([slots[0]]))
  assert.deepEqual(asked, ['x', 'y', 'z', 'x'])
})

test('a cumulative series that was let go goes on from its last point', () => {
  const groups = new Groups(new Grouping(undefined, []), 10)
  const inputs = new Inputs(groups, 0, () => 'counter', 1)
  const into = { slot: 0, sum: 0, count: 0, histogram: undefined }
  const adds = (host: string, time: number, sum: number) => {
    const series = seriesOf(host, 'cumulative')
    assert.equal(inputs.slotOf(series), CUMULATIVE)
    inputs.increment(series, { start: 1, time, sum, count: 0, histogram: undefined }, into)
    return into.sum
  }
  assert.deepEqual([adds('x', 10, 5), adds('y', 10, 7), adds('x', 20, 8), adds('y', 20, 8)], [5, 7, 3, 1])
})
