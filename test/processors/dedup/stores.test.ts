import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { Murmur3 } from '../../../core/model/sketch/murmur3.ts'
import { CuckooFilter, cuckooBytes } from '../../../processors/dedup/cuckoo-filter.ts'
import { FingerprintTable } from '../../../processors/dedup/fingerprint-table.ts'

const hash = new Murmur3()
function keyOf(name: string | number): Uint32Array {
  const key = new Uint32Array(4)
  hash.reset().text(String(name)).finish(key)
  return key
}

it('the table agrees with a Map, through growth, deletion from the middle of a run, and a restart', () => {
  // Few home slots, so that runs are long and wrap around.
  const crowded = (n: number) => Uint32Array.of(n % 2 === 0 ? 0xffffffff : 7, n, n * 31, 5)
  const step = fc.record({ kind: fc.constantFrom('set', 'set', 'delete', 'restart'), n: fc.nat(200) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), steps => {
      let table = new FingerprintTable(2)
      const reference = new Map<number, number>()
      for (const [i, { kind, n }] of steps.entries()) {
        const slot = table.find(crowded(n))
        assert.equal(slot >= 0, reference.has(n))
        if (slot >= 0) assert.equal(table.value(slot, 1), reference.get(n))
        if (kind === 'set') {
          table.setValue(slot >= 0 ? slot : table.insert(crowded(n)), 1, i)
          reference.set(n, i)
        } else if (kind === 'delete' && slot >= 0) {
          table.delete(slot)
          reference.delete(n)
        } else if (kind === 'restart') {
          const saved = table.save()
          table = new FingerprintTable(2)
          table.restore(saved)
        }
        assert.equal(table.size, reference.size)
      }
      for (let n = 0; n <= 200; n++) assert.equal(table.find(crowded(n)) >= 0, reference.has(n))
    })
  )
})

for (const [bits, tolerated] of [
  [16, 1.25],
  [32, 0]
] as const) {
  it(`the filter of ${bits} bits knows all it was given, and is wrong as seldom as it says`, () => {
    const CAPACITY = 20_000
    const ASKED = 400_000
    const filter = new CuckooFilter(CAPACITY, bits)
    for (let i = 0; i < CAPACITY; i++) filter.add(keyOf(i))
    assert.equal(filter.isCrowded, false)
    for (let i = 0; i < CAPACITY; i++) assert.ok(filter.has(keyOf(i)))
    let wrong = 0
    for (let i = 0; i < ASKED; i++) if (filter.has(keyOf(`other ${i}`))) wrong++
    const stated = (8 * 0.9) / 2 ** bits
    assert.ok(wrong / ASKED <= stated * tolerated + 1e-9, `${wrong} of ${ASKED} wrong, stated ${stated}`)
    assert.equal(filter.bytes, cuckooBytes(CAPACITY, bits))
  })
}

it('the filter removes exactly the entries taken out', () => {
  const filter = new CuckooFilter(5000, 32)
  for (let i = 0; i < 5000; i++) filter.add(keyOf(i))
  for (let i = 0; i < 5000; i += 2) filter.remove(keyOf(i))
  for (let i = 0; i < 5000; i++) assert.equal(filter.has(keyOf(i)), i % 2 === 1)
  assert.equal(filter.size, 2500)
})

it('a filter given too much says so, and still knows everything', () => {
  const filter = new CuckooFilter(8, 32)
  let added = 0
  for (; !filter.isCrowded; added++) filter.add(keyOf(added))
  const fresh = new CuckooFilter(8, 32)
  fresh.restore(structuredClone(filter.save()))
  for (const one of [filter, fresh]) {
    for (let i = 0; i < added; i++) assert.ok(one.has(keyOf(i)), `${i} of ${added}`)
    for (let i = 0; i < added; i++) one.remove(keyOf(i))
    assert.equal(one.size, 0)
    assert.equal(one.isCrowded, false)
  }
})
