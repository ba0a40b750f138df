import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Memo } from '../../../../core/model/matching/linear-regex.ts'

for (const [length, timesMade] of [
  [256, 1],
  [257, 2]
] as const) {
  test(`a text of ${length} letters that comes twice is worked out ${timesMade} times`, () => {
    let made = 0
    const memo = new Memo(text => [++made, text.length])
    memo.of('x'.repeat(length))
    assert.deepEqual(memo.of('x'.repeat(length)), [timesMade, length])
  })
}
