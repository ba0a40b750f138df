import assert from 'node:assert/strict'
import { randomFillSync } from 'node:crypto'
import { test } from 'node:test'
import { firstSlot, KeySlots, nextSlot } from '../../../../core/model/series-table/key-slots.ts'

const KEYS = 400_000
/** A slot has 8, and less than a half of them are in use after a table has grown. */
const MOST_BYTES = 18
/** Of tables that are up to two thirds full. */
const MOST_PROBES = 3

/** Looks at so many slots until it has a record; negative if there is none. */
function probes(slots: KeySlots, hash: number, record: number): number {
  const shard = slots.shardOf(hash)
  let looked = 1
  for (let at = firstSlot(shard, hash); shard[at + 1] !== 0; at = nextSlot(shard, at), looked++)
    if (shard[at] === hash && shard[at + 1] === record) return looked
  return -looked
}

test('records are found whatever came and went, in few slots', () => {
  const slots = new KeySlots()
  const hashes = randomFillSync(new Int32Array(KEYS))
  const has = new Uint8Array(KEYS)
  const choices = randomFillSync(new Uint8Array(KEYS))
  for (let size = 0; size < KEYS; size++) {
    assert.ok(slots.add(hashes[size], size + 1))
    has[size] = 1
    // One in four goes again.
    const other = Math.floor((choices[size] / 256) * size)
    if (choices[size] % 4 !== 0 || has[other] === 0) continue
    slots.remove(hashes[other], other + 1)
    has[other] = 0
  }
  let looked = 0
  let held = 0
  for (let i = 0; i < KEYS; i++) {
    const found = probes(slots, hashes[i], i + 1)
    assert.equal(found > 0, has[i] === 1, `record ${i}`)
    if (found > 0) looked += found
    if (found > 0) assert.ok(slots.has(hashes[i]))
    held += has[i]
  }
  assert.ok(looked / held < MOST_PROBES, `${looked / held} slots for each`)
  assert.ok(slots.bytes / held < MOST_BYTES, `${slots.bytes / held} bytes for each`)
})

test('each slot of a table is the first one of as many hashes', () => {
  for (const length of [32, 48, 64, 96, 3 * 2 ** 12, 2 ** 13]) {
    const slots = new Int32Array(length)
    const counts = new Uint32Array(length / 2)
    const hashes = 2 ** 20
    for (let hash = 0; hash < hashes; hash++) counts[firstSlot(slots, hash) / 2]++
    const mean = hashes / counts.length
    for (const count of counts) assert.ok(Math.abs(count / mean - 1) < 0.02, `${count} of ${mean}, length ${length}`)
  }
})

test('of equal hashes some are refused', () => {
  const slots = new KeySlots()
  let added = 0
  while (added < 1000 && slots.add(42, added + 1)) added++
  assert.equal(added, 256)
  for (let record = 1; record <= added; record++) slots.remove(42, record)
  assert.equal(probes(slots, 42, 1), -1)
})

test('a table without records has no slots of its own', () => {
  assert.ok(new KeySlots().bytes <= 2048, `${new KeySlots().bytes} bytes`)
})
