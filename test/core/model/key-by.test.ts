import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attributes } from '../../../core/model/attributes.ts'
import { keyBy, NAME } from '../../../core/model/key-by.ts'

const of = (...attributes: [string, string | number | null][]): Attributes => attributes
const LONG = 'x'.repeat(1_000_000)

for (const [what, a, b, isSame] of [
  ['a value, whatever stands beside it', of(['t', '1']), of(['u', '2'], ['t', '1']), true],
  ['a number and its text', of(['t', 1]), of(['t', '1']), true],
  ['an empty value and a null', of(['t', '']), of(['t', null]), true],
  ['values that run into each other', of(['t', '12'], ['u', '3']), of(['t', '1'], ['u', '23']), false],
  ['long values', of(['t', LONG]), of(['t', LONG]), true],
  ['long values that differ at their end', of(['t', `${LONG}a`]), of(['t', `${LONG}b`]), false]
] as const) {
  test(`${what} make ${isSame ? 'one key' : 'two keys'}`, () => {
    const by = what.includes('run into') ? ['t', 'u'] : ['t']
    assert.equal(keyBy(by, 'n', a, []) === keyBy(by, 'n', b, []), isSame)
  })
}

test('a key stays short, however long the values are', () => {
  assert.ok(keyBy([NAME, 't'], LONG, of(['t', LONG]), []).length <= 100)
})
