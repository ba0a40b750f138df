import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openState, sealState } from '../../../core/model/saved-state.ts'

const STATE = { name: 'x', numbers: new Float64Array([1, Number.NaN]), map: new Map([['a', 1n]]) }

test('state is opened as it was sealed', () => {
  assert.deepEqual(openState(3, sealState(3, STATE)), STATE)
})

test('state of another version is not opened', () => {
  assert.throws(() => openState(4, sealState(3, STATE)), /version 3, this Weir reads version 4/)
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
