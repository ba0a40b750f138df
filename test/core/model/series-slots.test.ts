import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { type AttributeValue, sortAttributes } from '../../../core/model/attributes.ts'
import { packList } from '../../../core/model/packed-list.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from '../../../core/model/series.ts'
import { SeriesSlots } from '../../../core/model/series-slots.ts'
import { type Series, SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../core/model/stepwise.ts'
import { expireIdle } from './series-table/idle-series.ts'

const METRIC: Metric = { name: 'requests', unit: '', description: '', kind: 'counter', temporality: 'delta' }

const text = fc.oneof(
  fc.string({ maxLength: 4 }),
  fc.constantFrom('', 'é', '数', 'a'.repeat(255), 'a'.repeat(256), `${'a'.repeat(300)}é`)
)
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  fc.constantFrom(0, -0, 1, 1.5, Number.NaN, true, false, null, 1n, 2n ** 60n),
  fc.constantFrom<AttributeValue>(['a', 1], { a: ['b'] }, Uint8Array.of(1, 2), Buffer.from([1, 2]))
)
const attributes = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'ab', 'a\0b'), value), { maxLength: 3 })
  .map(sortAttributes)
const identity = fc.record({
  metric: fc.constantFrom(METRIC, { ...METRIC, name: 'errors' }),
  attributes,
  resource: fc
    .array(fc.tuple(fc.constant('host'), text), { maxLength: 1 })
    .map(pairs => ({ attributes: pairs, schemaUrl: '' })),
  scope: fc.constant(NO_SCOPE)
})

it('series keep their slots through removals and restarts, whatever their attributes are', () => {
  const step = fc.oneof(identity, fc.constant('restart' as const), fc.nat(30))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), steps => {
      let slots = new SeriesSlots(new SeriesTable())
      const want = new Map<string, number>()
      for (const step of steps) {
        if (step === 'restart') slots = restarted(slots)
        else if (typeof step === 'number') remove(slots, want, step)
        else add(slots, want, slots.table.intern(step.metric, step.attributes, step.resource, step.scope))
      }
      assert.equal(slots.size, want.size)
      for (const [key, slot] of want) {
        const series = slots.table.at(slots.idOf(slot))
        assert.equal(series.key, key)
        assert.equal(slots.find(series.id), slot)
      }
    }),
    { numRuns: 300 }
  )
})

it('regression: slots that were free got other series after a restart, so windows were sent in another order when they were replayed', () => {
  const step = fc.oneof(
    fc.record({ add: fc.nat(3000), near: fc.integer({ min: -1, max: 300 }) }),
    fc.record({ remove: fc.nat(9) })
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), fc.nat(99), (steps, restart) => {
      const running = new SeriesSlots(new SeriesTable())
      let other = new SeriesSlots(new SeriesTable())
      for (const [i, step] of steps.entries()) {
        if (i === restart) other = restarted(other)
        const slots = [running, other].map(one => {
          if ('add' in step) {
            const { id } = one.table.intern(METRIC, [['n', step.add]])
            return one.find(id) >= 0 ? one.find(id) : one.add(id, step.near)
          }
          const used = Array.from({ length: one.length }, (_, slot) => slot).filter(slot => one.isUsed(slot))
          one.remove(used.filter(slot => slot % 10 >= step.remove))
          return used.length
        })
        assert.equal(slots[0], slots[1])
      }
    }),
    { numRuns: 300 }
  )
})

it('series stay as long as they have a slot, and slots are used again', async () => {
  const table = new SeriesTable()
  const slots = new SeriesSlots(table)
  for (let round = 0; round < 5; round++) {
    const made = Array.from({ length: 1000 }, (_, i) => slots.add(table.idOf(METRIC, [['host', `${round}-${i}`]])))
    await expireIdle(table)
    assert.equal(table.size, 1000)
    assert.equal(table.at(slots.idOf(made[7])).attributes[0][1], `${round}-7`)
    slots.remove(made)
    await expireIdle(table)
    assert.deepEqual([table.size, slots.size, slots.length, slots.keyBytes], [0, 0, 1000, 0])
  }
})

it('a series without attributes that was derived before a restart is restored stays one series', () => {
  const before = new SeriesSlots(new SeriesTable())
  const slot = before.add(before.table.idOf(METRIC, []))
  const slots = new SeriesSlots(new SeriesTable())
  const id = slots.table.idOf(METRIC, [])
  slots.restore(structuredClone(runThrough(before.save())))
  assert.deepEqual([slots.table.size, slots.find(id), slots.idOf(slot)], [1, slot, id])
})

it('attributes of more than 2 GiB are restored, as a reload may hand them over', () => {
  // Memory that is never written takes none: all keys but the last are zeros, and so one series.
  const bytes = 128 * 1024
  const length = 2 ** 31 / bytes + 2
  const attributes = new Uint8Array(length * bytes)
  attributes[attributes.length - 1] = 1
  const contexts = runThrough(packList([{ metric: METRIC, resource: NO_RESOURCE, scope: NO_SCOPE }]))
  const slots = new SeriesSlots(new SeriesTable())
  const lengths = new Int32Array(length).fill(bytes)
  slots.restore({ length, contexts, contextOf: new Uint32Array(length), lengths, attributes })
  assert.equal(slots.table.size, 2)
  assert.notEqual(slots.idOf(length - 1), slots.idOf(length - 2))
})

function restarted(slots: SeriesSlots): SeriesSlots {
  const fresh = new SeriesSlots(new SeriesTable())
  fresh.restore(structuredClone(runThrough(slots.save())))
  return fresh
}

function add(slots: SeriesSlots, want: Map<string, number>, { id, key }: Series): void {
  const known = want.get(key)
  assert.equal(slots.find(id), known ?? -1)
  if (known === undefined) want.set(key, slots.add(id))
}

function remove(slots: SeriesSlots, want: Map<string, number>, n: number): void {
  const gone = [...want].filter((_, i) => i % 31 === n)
  slots.remove(gone.map(([, slot]) => slot))
  for (const [key] of gone) want.delete(key)
}
