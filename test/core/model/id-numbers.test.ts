import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { IdNumbers } from '../../../core/model/id-numbers.ts'

/** Numbers by a map, for comparison. */
function byMap(ids: readonly number[]): number[] {
  const numbers = new Map<number, number>()
  return ids.map(id => {
    if (!numbers.has(id)) numbers.set(id, numbers.size)
    return numbers.get(id)!
  })
}

describe('numbers of ids', () => {
  it('are those of first appearance, block by block', () => {
    const numbers = new IdNumbers()
    for (const length of [0, 1, 2, 15, 16, 17, 1000, 3, 40_000, 8]) {
      const ids = Array.from({ length }, (_, i) => (i * i * 7919) % 0xffffffff)
      numbers.begin(length)
      assert.deepEqual(
        ids.map(id => numbers.of(id)),
        byMap(ids)
      )
      assert.equal(numbers.size, new Set(ids).size)
    }
  })

  it('take as long whatever the ids have in common', () => {
    const numbers = new IdNumbers()
    const length = 200_000
    const msFor = (idOf: (i: number) => number) => {
      numbers.begin(length)
      const begun = performance.now()
      for (let i = 0; i < length; i++) numbers.of(idOf(i))
      return performance.now() - begun
    }
    msFor(i => i)
    for (const step of [1, 2, 4096, 65_536]) {
      const ms = msFor(i => Math.imul(i, step) >>> 0)
      // Rows tried one after the other for each id would be 20,000,000,000.
      assert.ok(ms < 500, `ids ${step} apart took ${ms} ms`)
    }
  })
})
