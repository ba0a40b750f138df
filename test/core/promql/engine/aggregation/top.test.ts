import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ask, shown, storeOf } from '../ask.ts'

/** As the documentation has it: the largest first, NaN last. Of equal ones, the first by its labels. */
function topOf(values: readonly number[], k: number, sign: 1 | -1): string[] {
  const sorted = values
    .map((value, i) => ({ value, i }))
    .sort((a, b) => {
      if (Number.isNaN(a.value) || Number.isNaN(b.value))
        return Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || a.i - b.i
      return sign * (b.value - a.value) || a.i - b.i
    })
  return sorted.slice(0, k).map(({ value, i }) => `{__name__="m", i="${name(i)}"} ${value}`)
}

function name(i: number): string {
  return String(i).padStart(3, '0')
}

test('topk and bottomk choose what a sort would', async () => {
  const values = fc.array(fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(Number.NaN)), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(values, fc.integer({ min: 1, max: 12 }), async (all, k) => {
      const store = storeOf(Object.fromEntries(all.map((value, i) => [`m{i="${name(i)}"}`, [value]])))
      assert.deepEqual(shown(await ask(`topk(${k}, m)`, store, 0)), topOf(all, k, 1))
      assert.deepEqual(shown(await ask(`bottomk(${k}, m)`, store, 0)), topOf(all, k, -1))
    }),
    { numRuns: 200 }
  )
})

test('limit_ratio and its complement share all series among them', async () => {
  const names = Array.from({ length: 200 }, (_, i) => `m{i="${i}"}`)
  const store = storeOf(Object.fromEntries(names.map(selector => [selector, [1]])))
  const some = shown(await ask('limit_ratio(0.3, m)', store, 0)) as string[]
  const others = shown(await ask('limit_ratio(-0.7, m)', store, 0)) as string[]
  assert.ok(some.length > 30 && some.length < 90, `${some.length} of 200`)
  assert.equal(new Set([...some, ...others]).size, 200)
  assert.equal(some.length + others.length, 200)
})
