import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import type { Attributes } from '../../../../core/model/attributes.ts'
import { NO_RESOURCE } from '../../../../core/model/series.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { Grouping } from '../../../../core/windows/groups/grouping.ts'
import { Groups } from '../../../../core/windows/groups/groups.ts'

const METRIC = { name: 'a', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
const MAX = 100
const ACTIVE = 1

describe('regression: groups were bounded by their number, whatever their identities took in memory', () => {
  const registry = new SeriesTable()
  /** The number of groups after three times as many series came as there may be groups. */
  const sizeAfter = (
    groups: Groups,
    attributes: (i: number) => Attributes,
    resource = (_i: number): Attributes => []
  ) => {
    for (let i = 0; i < 3 * MAX; i++) {
      const series = registry.intern(METRIC, attributes(i), { ...NO_RESOURCE, attributes: resource(i) })
      const slot = groups.ofSeries(series, 'counter')
      groups.lastActive[slot] = ACTIVE
    }
    return groups.size
  }
  const grouped = () => new Groups(registry, new Grouping(undefined, []), MAX, 1 / 1000)
  const usual = (i: number): Attributes => [['host', `h${i}`]]

  it('those of usual size have a place each', () => {
    // The one beyond is the overflow group.
    assert.equal(sizeAfter(grouped(), usual), MAX + 1)
  })

  it('long values, many attributes, and resources of their own take more places', () => {
    const cases: [string, Groups][] = ['values', 'attributes', 'resources'].map(name => [name, grouped()])
    const [values, attributes, resources] = cases.map(([, groups]) => groups)
    const many = Array.from({ length: 40 }, (_, k) => [`k${String(k).padStart(2, '0')}`, 'v'.repeat(100)] as const)
    sizeAfter(values, i => [['host', `${i}${'x'.repeat(5000)}`]])
    sizeAfter(attributes, i => [...usual(i), ...many])
    sizeAfter(resources, usual, i => [...many, ['service.name', `s${i}`]])
    for (const [name, { size }] of cases) assert.ok(size > 5 && size < MAX / 2, `${size} with large ${name}`)
  })

  it('places come back when groups are forgotten, and are known after a restart', () => {
    const large = (i: number): Attributes => [['host', `${i}${'x'.repeat(5000)}`]]
    const groups = grouped()
    const size = sizeAfter(groups, large)
    const restarted = grouped()
    for (const step = groups.save(); ; ) {
      const { done, value } = step.next()
      if (done) {
        restarted.restore(value)
        break
      }
    }
    assert.equal(
      sizeAfter(restarted, i => large(i + 1000)),
      size,
      'no place for others'
    )
    runThrough(restarted.expire(ACTIVE + 1, new Uint8Array(restarted.length)))
    assert.equal(restarted.size, 0)
    assert.equal(sizeAfter(restarted, usual), MAX + 1)
  })
})

describe('regression: values that differ in their types alone were two groups, which are one series in a store', () => {
  const VALUES: Attributes = [
    ['status', 200],
    ['status', '200'],
    ['status', 200n]
  ]
  const OTHERS: Attributes = [
    ['status', 201],
    ['status', true]
  ]
  const NONE: (Attributes[number] | undefined)[] = [['status', ''], ['status', null], undefined]
  const setOf = (one: Attributes[number] | undefined): Attributes => (one === undefined ? [] : [one])

  it('those of points are one group by a list', () => {
    const registry = new SeriesTable()
    const groups = new Groups(registry, new Grouping(['status'], []), MAX)
    const slots = (all: readonly (Attributes[number] | undefined)[]) =>
      new Set(all.map(one => groups.ofSeries(registry.intern(METRIC, setOf(one)), 'counter'))).size
    assert.deepEqual([slots(VALUES), slots(NONE), slots([...VALUES, ...OTHERS, ...NONE])], [1, 1, 4])
  })

  it('those of events are one group', () => {
    for (const grouping of [
      new Grouping(undefined, []),
      new Grouping(undefined, ['user']),
      new Grouping(['status'], [])
    ]) {
      const groups = new Groups(new SeriesTable(), grouping, MAX)
      const slots = (all: readonly (Attributes[number] | undefined)[]) =>
        new Set(all.map(one => groups.ofEvent('order', setOf(one)))).size
      assert.deepEqual([slots(VALUES), slots(NONE), slots([...VALUES, ...OTHERS, ...NONE])], [1, 1, 4])
    }
  })
})

test('groups of events that expire are found no more, and the others still are', () => {
  const groups = new Groups(new SeriesTable(), new Grouping(undefined, []), MAX)
  const slotOf = (status: string) => groups.ofEvent('order', [['status', status]])
  const [old, kept] = [slotOf('old'), slotOf('kept')]
  groups.lastActive[old] = ACTIVE
  groups.lastActive[kept] = ACTIVE + 1
  assert.deepEqual(runThrough(groups.expire(ACTIVE + 1, new Uint8Array(groups.length))).slots, [old])
  assert.deepEqual([slotOf('new'), slotOf('kept')], [old, kept])
  assert.notEqual(slotOf('old'), old)
})
