import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import type { Distribution } from '../../../../core/model/distribution.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { AGGREGATIONS } from '../../../../core/windows/aggregations/index.ts'
import { Pane } from '../../../../core/windows/panes/pane.ts'
import { assertLinear } from '../../../growth.ts'
import { add, emitted, LAYOUT, observe } from '../aggregations/harness.ts'

const SHARDS = 10
/** Rounding of numbers that are added in another order. */
const ROUNDING = 1e-9
/** Whole numbers, whose sums are exact. */
const item = fc.record({
  slot: fc.nat(200),
  time: fc.nat(5),
  value: fc.integer({ min: -1000, max: 1000 }),
  member: fc.nat(700)
})
type Item = typeof item extends fc.Arbitrary<infer T> ? T : never

it('ten panes merged are the pane that had everything, in whatever order, for every aggregation', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 500 }), items => {
      const whole = new Pane(LAYOUT)
      const shards = Array.from({ length: SHARDS }, () => new Pane(LAYOUT))
      for (const [i, one] of items.entries()) {
        put(whole, one)
        put(shards[(i * 7) % SHARDS], one)
      }
      const merged = new Pane(LAYOUT)
      for (const shard of shards.toReversed()) merged.addAll(shard)
      assertSame(merged, whole)
    }),
    { numRuns: 100 }
  )
})

it('regression: groups whose slots are a power of two apart took time by the square of their number', () => {
  const slots = (each: number) => Array.from({ length: each * 2 }, (_, i) => (i < each ? i : i - each + 2 ** 20))
  assertLinear('slots', 8000, slots, all => {
    const pane = new Pane(LAYOUT)
    for (const slot of all) add(pane, slot, 1)
    assert.equal(pane.size, all.length)
  })
})

it('regression: a pane of all groups had room for twice as many', () => {
  const groups = 2 ** 14
  for (const order of ['up', 'down']) {
    const pane = new Pane(LAYOUT)
    const { bytes } = pane
    const bytesPerRow = bytes / pane.keys.length
    for (let i = 0; i < groups; i++) add(pane, order === 'up' ? i : groups - 1 - i, i)
    assert.equal(pane.bytes, groups * bytesPerRow)
    const copy = pane.copy()
    assert.equal(copy.bytes, pane.bytes)
    // No row is free. A slot that has none is still told apart, and gets one.
    assert.equal(copy.find(groups), -1)
    assert.equal(copy.find(groups * 5), -1)
    add(copy, groups * 5, 7)
    assert.equal(copy.sums[copy.find(groups * 5)], 7)
    assert.equal(copy.find(groups), -1)
    for (let slot = 0; slot < groups; slot++) assert.ok(copy.find(slot) >= 0)
    assert.equal(copy.size, groups + 1)
  }
})

it('a copy of some groups has all that the pane has of these, and no others', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 200 }), fc.uniqueArray(fc.nat(200)), (items, slots) => {
      const [whole, some] = [new Pane(LAYOUT), new Pane(LAYOUT)]
      for (const one of items) put(whole, one)
      for (const one of items) if (slots.includes(one.slot)) put(some, one)
      assertSame(whole.only(slots), some)
    }),
    { numRuns: 100 }
  )
})

it('comes back from its saved form', () => {
  fc.assert(
    fc.property(fc.array(item, { maxLength: 200 }), items => {
      const pane = new Pane(LAYOUT)
      for (const one of items) put(pane, one)
      assert.deepEqual(contents(Pane.from(structuredClone(runThrough(pane.save())), LAYOUT)), contents(pane))
    }),
    { numRuns: 100 }
  )
})

function put(pane: Pane, { slot, time, value, member }: Item): void {
  observe(pane, slot, value, { time, member: `user-${member}` })
}

function assertSame(actual: Pane, expected: Pane): void {
  const [own, other] = [contents(actual), contents(expected)]
  assert.deepEqual([...own.keys()], [...other.keys()])
  for (const [key, points] of other) {
    for (const [i, point] of points.entries()) {
      const found = own.get(key)![i]
      if (typeof point !== 'number') assert.deepEqual(found, point, key)
      else
        assert.ok(Math.abs((found as number) - point) <= Math.abs(point) * ROUNDING, `${key}: ${found}, not ${point}`)
    }
  }
}

/** Points by slot and aggregation. */
function contents(pane: Pane): ReadonlyMap<string, readonly (number | Distribution)[]> {
  const slots = [...pane.keys].filter(key => key > 0).sort((a, b) => a - b)
  return new Map(
    slots.flatMap(key => AGGREGATIONS.map(one => [`${key - 1} ${one.name}`, emitted(one, pane, key - 1)] as const))
  )
}
