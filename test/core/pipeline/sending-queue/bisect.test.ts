import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExportError } from '../../../../core/errors.ts'
import type { Block } from '../../../../core/model/block.ts'
import { type Answer, bisect } from '../../../../core/pipeline/sending-queue/bisect.ts'
import { failureOf } from '../../../../core/pipeline/sending-queue/failure.ts'
import { numbered, valuesOf } from './blocks.ts'

const NO = failureOf(new ExportError('no', { retryable: false }), 0)
const refusedWhole = (length: number) => [{ from: 0, to: length, failure: NO }]

const asking = (attempt: (piece: Block, isDoubted: boolean) => Promise<Answer>) => ({ attempt, isProbed: false })

/** A backend that takes every piece without a bad item. */
async function isolated(length: number, bad: readonly number[]) {
  const stored: number[] = []
  let asked = 0
  const { refused: refusals, left } = await bisect(
    numbered(length),
    refusedWhole(length),
    asking(async piece => {
      asked++
      const values = valuesOf(piece)
      if (values.some(value => bad.includes(value))) return NO
      stored.push(...values)
      return 'taken'
    })
  )
  assert.deepEqual(left, [])
  const refused = refusals.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i))
  return { stored, refused, asked }
}

const cases: readonly [what: string, length: number, bad: readonly number[], mostAsked: number][] = [
  ['one of many', 50_000, [31_415], 32],
  ['the first and the last', 1000, [0, 999], 40],
  ['neighbours', 64, [30, 31, 32, 33], 40],
  ['the first of very many', 50_000, [0], 32],
  ['the only one', 1, [0], 0],
  ['all of a few', 8, [0, 1, 2, 3, 4, 5, 6, 7], 14]
]
for (const [what, length, bad, mostAsked] of cases)
  test(`bad is ${what} of ${length}: refused alone, all others stored once and in order`, async () => {
    const { stored, refused, asked } = await isolated(length, bad)
    assert.deepEqual(refused, bad)
    const good = Array.from({ length }, (_, i) => i).filter(i => !bad.includes(i))
    assert.equal(String(stored), String(good))
    assert.ok(asked <= mostAsked, `${asked} tries`)
  })

test('a backend that refuses everything is not asked about every item', async () => {
  const all = Array.from({ length: 50_000 }, (_, i) => i)
  const { stored, refused, asked } = await isolated(50_000, all)
  assert.deepEqual([stored.length, refused.length], [0, 50_000])
  assert.ok(asked < 50, `${asked} tries`)
})

test('with bad items everywhere, items not told apart in time are refused with their neighbours', async () => {
  const bad = Array.from({ length: 500 }, (_, i) => i * 100)
  const { stored, refused, asked } = await isolated(50_000, bad)
  assert.equal(new Set([...stored, ...refused]).size, stored.length + refused.length)
  assert.equal(stored.length + refused.length, 50_000)
  assert.ok(bad.every(item => refused.includes(item)))
  assert.ok(stored.length > 0 && asked < 1000, `${stored.length} stored in ${asked} tries`)
})

for (const [answers, refused, askedUpTo] of [
  [0, [], 0],
  [1, [], 4],
  [4, [], 5],
  [5, [5], 6],
  [100, [5], 8]
] as const)
  test(`cut off after ${answers} answers, it tells decided items from undecided ones`, async () => {
    let asked = 0
    const found = await bisect(
      numbered(8),
      refusedWhole(8),
      asking(async piece => {
        if (asked++ === answers) return 'unanswered'
        return valuesOf(piece).includes(5) ? NO : 'taken'
      })
    )
    assert.deepEqual([found.refused.map(({ from }) => from), found.left[0]?.from ?? 8], [refused, askedUpTo])
  })
