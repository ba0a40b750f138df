import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packList, unpackList } from '../../../core/model/packed-list.ts'
import { runThrough } from '../../../core/model/stepwise.ts'

for (const length of [0, 1, 256, 257, 1000])
  test(`a list of ${length} comes back as it was packed`, () => {
    const list = Array.from({ length }, (_, i) => (i % 3 === 0 ? undefined : { i, bytes: Uint8Array.of(i) }))
    assert.deepEqual(unpackList(runThrough(packList(list))), list)
  })

test('a list is packed in steps of 256', () => {
  assert.equal([...packList(new Array(1000).fill('a'))].length, 4)
})
