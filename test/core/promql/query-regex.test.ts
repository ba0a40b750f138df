import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Matcher } from '../../../core/promql/matcher.ts'
import { queryRegex } from '../../../core/promql/query-regex.ts'

test('a regular expression is for the whole text, line breaks too', () => {
  const matches = (source: string, text: string) => new Matcher('a', '=~', source).matches(text)
  const cases: readonly (readonly [source: string, text: string, is: boolean])[] = [
    ['a.c', 'a\nc', true],
    ['b', 'abc', false],
    ['a|ab', 'ab', true],
    ['x{2,3}', 'xxx', true],
    ['(?i)AB', 'ab', true]
  ]
  for (const [source, text, is] of cases) assert.equal(matches(source, text), is, source)
  assert.throws(() => new Matcher('a', '=~', 'a)(b'), { kind: 'bad_data' })
})

test('an expression that would take seconds and gigabytes is refused before it is compiled', () => {
  const large: readonly string[] = [
    `(?i)${'ab.'.repeat(100_000)}`,
    `(${'ab'.repeat(500)}.){1000}`,
    '\\pL.'.repeat(3000),
    `(${'ab'.repeat(500)}.){1,1000}`
  ]
  for (const source of large) {
    const begun = performance.now()
    assert.match(queryRegex(source) as string, /too large/)
    assert.ok(performance.now() - begun < 100)
  }
  const list = Array.from({ length: 10_000 }, (_, i) => `host\\.${i}`).join('|')
  assert.equal(typeof queryRegex(`(${list})`), 'object')
})
