import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { KeyTable, UNKNOWN } from '../../../../core/model/series-table/key-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { collectGarbage } from '../../../garbage.ts'
import { addKey, batchOf, findKey, type Key, keyAt, resolve } from './key-list.ts'

const MIB = 2 ** 20
/** A key of 100 bytes takes as much. */
const RECORD_BYTES = 124

const keys = (count: number, length = 100) =>
  Array.from({ length: count }, (_, i): Key => [1, `key ${i}`.padEnd(length, '.')])

/** Each stands far from the one before. `stride` and the number of keys have no common divisor. */
const scattered = (all: readonly Key[], stride: number) => all.map((_, i) => all[(i * stride) % all.length])

/** Places of the keys in their memory, by the order of `ids`. */
const placesOf = (table: KeyTable, ids: readonly number[]) => ids.map(id => table.keyOf(id).start)

/** Part of the keys that stand behind the one before. */
const inOrder = (places: readonly number[]) =>
  places.filter((place, i) => place - places[i - 1] === RECORD_BYTES).length / places.length

describe('keys that are found in the same order again and again', () => {
  it('come to stand in it, with the ids that they had, and take little more memory meanwhile', () => {
    const table = new KeyTable()
    const all = keys(8000)
    const ids = new Map(all.map(key => [key, addKey(table, ...key)]))
    const found = scattered(all, 2801)
    const expected = found.map(key => ids.get(key)!)
    assert.ok(inOrder(placesOf(table, expected)) < 0.01)
    let most = 0
    for (let round = 0; round < 40; round++) {
      for (let times = 0; times < 10; times++)
        for (let from = 0; from < found.length; from += 500)
          assert.deepEqual(resolve(table, found.slice(from, from + 500)), expected.slice(from, from + 500))
      most = Math.max(most, table.reservedBytes)
      runThrough(table.reclaim())
    }
    const part = inOrder(placesOf(table, expected))
    assert.ok(part > 0.9, `${part} of them`)
    for (const [[parent, key], id] of ids) assert.equal(keyAt(table, id), `${parent}/${key}`)
    assert.ok(most < 8000 * RECORD_BYTES * 1.35, `${most} bytes`)
  })

  it('stay where they are if that is together', () => {
    const table = new KeyTable()
    const all = keys(5000)
    const ids = all.map(key => addKey(table, ...key))
    const places = placesOf(table, ids)
    for (let round = 0; round < 100; round++) resolve(table, all)
    assert.deepEqual(placesOf(table, ids), places)
  })

  it('so do those of which the order is never the one before', () => {
    const table = new KeyTable()
    const all = keys(5000)
    const ids = all.map(key => addKey(table, ...key))
    const places = placesOf(table, ids)
    for (let round = 0; round < 100; round++) resolve(table, scattered(all, round % 2 === 0 ? 3 : 1777))
    assert.deepEqual(placesOf(table, ids), places)
  })

  it('may be in a batch several times, and have other spellings', () => {
    const table = new KeyTable()
    const all = keys(300)
    const ids = all.map(key => addKey(table, ...key))
    const spelled = all.map(([parent, key], i): Key => {
      addKey(table, parent, key.replace('key', 'yek'), ids[i])
      return [parent, key.replace('key', 'yek')]
    })
    const some = scattered(spelled, 7).slice(0, 40)
    const twice = [...some, ...some, ...some]
    for (let round = 0; round < 200; round++) {
      assert.deepEqual(
        resolve(table, twice),
        twice.map(key => ids[spelled.indexOf(key)])
      )
      if (round % 20 === 0) runThrough(table.reclaim())
    }
    for (const list of [all, spelled]) assert.deepEqual(resolve(table, list), ids)
    for (const id of ids) table.remove(id)
    for (const [parent, key] of [...all, ...spelled]) assert.equal(findKey(table, parent, key), UNKNOWN)
  })
})

it('pages that few keys are left in are given back, those that are left are found, and room is used again', () => {
  const table = new KeyTable()
  const all = keys(100_000)
  const ids = all.map(key => addKey(table, ...key))
  const before = table.reservedBytes
  assert.ok(before > 11 * MIB, `${before} bytes`)
  for (const [i, id] of ids.entries()) if (i % 10 !== 3) table.remove(id)
  runThrough(table.reclaim())
  assert.ok(table.reservedBytes < 2 * MIB, `${table.reservedBytes} bytes`)
  const left = all.filter((_, i) => i % 10 === 3)
  assert.deepEqual(
    resolve(table, left),
    ids.filter((_, i) => i % 10 === 3)
  )
  resolve(table, all)
  assert.ok(table.reservedBytes < before + 2 * MIB, `${table.reservedBytes} bytes`)
})

it('regression: while memory was given back twice as much was taken, and what was about to be given back counted as taken', () => {
  const table = new KeyTable()
  const ids = keys(80_000, 1000).map(key => addKey(table, ...key))
  for (const [i, id] of ids.entries()) if (i % 6 === 0) table.remove(id)
  const before = table.reservedBytes
  collectGarbage()
  const buffers = process.memoryUsage().arrayBuffers
  let most = 0
  let steps = 0
  for (const _ of table.reclaim()) {
    assert.ok(table.reservedBytes <= before, `${table.reservedBytes} of ${before} bytes`)
    if (++steps % 200 !== 0) continue
    collectGarbage()
    most = Math.max(most, process.memoryUsage().arrayBuffers - buffers)
  }
  assert.ok(table.reservedBytes < before - 4 * MIB, `${table.reservedBytes} of ${before} bytes`)
  assert.ok(most < 48 * MIB, `${most} bytes`)
})

it('regression: lists of pages with free records took more and more memory', () => {
  const table = new KeyTable()
  const { view, starts, ends } = batchOf(keys(1))
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < 2_000_000; i++) table.remove(table.add(1, view, starts[0], ends[0]))
  collectGarbage()
  assert.ok(process.memoryUsage().heapUsed < before + 4 * MIB)
  assert.equal(table.size, 0)
})

/** Keys of several lengths. Four of the large ones are holes enough for a page to be emptied. */
const POOL = Array.from({ length: 160 }, (_, i): Key => [i % 3, 'k'.repeat(i % 20 === 7 ? 20_000 : i % 23) + i])
const ORDERS = [1, 7, 77, 101].map(stride => scattered(POOL, stride))

const STEP = fc.oneof(
  { weight: 4, arbitrary: fc.record({ order: fc.nat(3), from: fc.nat(100), length: fc.nat(60), times: fc.nat(20) }) },
  fc.record({ remove: fc.nat(2) }),
  fc.record({ reclaim: fc.nat(3) })
)

it('keys have their ids whatever is found, added, removed and moved between the steps in which memory is given back', () => {
  fc.assert(
    fc.property(fc.array(STEP, { minLength: 5, maxLength: 40 }), fc.boolean(), (steps, collide) => {
      const table = new KeyTable(undefined, collide ? (_, __, ___, start, end) => (end - start) % 3 : undefined)
      const ids = new Map<Key, number>()
      let work = table.reclaim()
      for (const step of steps) {
        if ('order' in step) {
          const some = ORDERS[step.order].slice(step.from, step.from + step.length)
          for (let i = 0; i <= step.times; i++) assertSame(ids, some, resolve(table, some))
        } else if ('remove' in step)
          for (const [i, [key, id]] of [...ids].entries()) {
            if (i % 3 !== step.remove) continue
            table.remove(id)
            ids.delete(key)
          }
        else for (let i = 0; i <= step.reclaim; i++) if (work.next().done === true) work = table.reclaim()
        assert.equal(table.size, ids.size)
      }
      for (const [[parent, key], id] of ids) assert.equal(keyAt(table, id), `${parent}/${key}`)
      assertSame(ids, [...ids.keys()], resolve(table, [...ids.keys()]))
    }),
    { numRuns: 200 }
  )
})

function assertSame(ids: Map<Key, number>, some: readonly Key[], got: readonly number[]): void {
  for (const [i, key] of some.entries()) {
    if (!ids.has(key)) ids.set(key, got[i])
    assert.equal(got[i], ids.get(key))
  }
}
