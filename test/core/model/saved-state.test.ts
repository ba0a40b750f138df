import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serialize } from 'node:v8'
import { crc32 } from 'node:zlib'
import { openState, sealInSteps, sealState } from '../../../core/model/saved-state.ts'

const HALF_MIB = 512 * 1024
const shared = Int32Array.of(1, -2)
const STATE = {
  name: 'x',
  numbers: new Float64Array([1, Number.NaN]),
  map: new Map([['a', 1n]]),
  odd: Uint8Array.of(1, 2, 3),
  pairs: [shared, shared, Uint32Array.of(4).subarray(0, 1), BigInt64Array.of(-5n)],
  empty: new Float64Array()
}

test('state is opened as it was sealed', () => {
  assert.deepEqual(openState(3, sealState(3, STATE)), STATE)
})

test('state is opened wherever its bytes stand in memory', () => {
  const bytes = sealState(3, STATE)
  for (let at = 0; at < 9; at++) {
    const moved = new Uint8Array(bytes.length + at).subarray(at)
    moved.set(bytes)
    assert.deepEqual(openState(3, moved), STATE, `at ${at}`)
  }
})

test('in steps state has the same bytes, of which each step writes half a MiB', () => {
  const columns = [3, 0, HALF_MIB * 2.5, 8, HALF_MIB * 4].map((length, i) => new Uint8Array(length).fill(i + 1))
  const state = { ...STATE, columns }
  const work = sealInSteps(3, state)
  let steps = 1
  let step = work.next()
  for (; !step.done; step = work.next()) steps++
  assert.deepEqual(step.value, sealState(3, state))
  assert.deepEqual(openState(3, step.value), state)
  assert.ok(steps >= step.value.length / HALF_MIB, `${steps} steps`)
})

test('state of another version is not opened', () => {
  assert.throws(() => openState(4, sealState(3, STATE)), /version 3, this Weir reads version 4/)
  const later = Buffer.from(sealState(3, STATE))
  later[3] = 2
  assert.throws(() => openState(3, later), /version 3 of layout 2, this Weir reads up to layout 1/)
})

test('state in one piece, as it was written before, is opened', () => {
  const body = serialize(STATE)
  const header = Buffer.alloc(8)
  header.writeUInt32LE(3)
  header.writeUInt32LE(crc32(body), 4)
  assert.deepEqual(openState(3, Buffer.concat([header, body])), STATE)
})

test('a value that is no column is refused when it is sealed', () => {
  assert.throws(() => sealState(3, { view: new DataView(new ArrayBuffer(8)) }), /state cannot have a DataView/)
})

test('state is not opened where a byte is missing or another', () => {
  const bytes = sealState(3, STATE)
  for (let at = 0; at < bytes.length; at++) {
    assert.throws(() => openState(3, bytes.subarray(0, at)), `cut off at ${at}`)
    const damaged = Uint8Array.from(bytes)
    damaged[at] ^= 1
    assert.throws(() => openState(3, damaged), `another byte at ${at}`)
  }
})
