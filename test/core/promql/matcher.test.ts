import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Matcher, type MatcherOp } from '../../../core/promql/matcher.ts'

describe('a matcher', () => {
  const cases: readonly (readonly [op: MatcherOp, value: string, text: string, matches: boolean])[] = [
    ['=', 'a', 'a', true],
    ['=', '', '', true],
    ['=', 'a.', 'ab', false],
    ['!=', 'a', '', true],
    ['=~', 'a.', 'ab', true],
    ['=~', 'a', 'ab', false],
    ['=~', 'a.b', 'a\nb', true],
    ['=~', '(?i:A)', 'a', true],
    ['=~', 'a|b', 'b', true],
    ['=~', 'a|b', 'a|b', false],
    ['=~', 'a|b', 'ab', false],
    ['=~', 'a|', '', true],
    ['=~', '', '', true],
    ['=~', 'a\\|b', 'a|b', true],
    ['!~', 'a|b', 'c', true],
    ['!~', 'a|b', 'a', false],
    ['!~', 'a.*', 'b', true],
    ['!~', '.+', '', true]
  ]
  for (const [op, value, text, want] of cases)
    it(`${op} ${JSON.stringify(value)} of ${JSON.stringify(text)}`, () => {
      assert.equal(new Matcher('l', op, value).matches(text), want)
    })

  // An expression that ends the group around it is none, whatever stands around it.
  const wrong = ['(', 'a)(b', '[', 'a**', '\\', 'a(?=b)', '\\1', 'x{2,1}']
  for (const value of wrong)
    it(`refuses ${value}`, () => {
      assert.throws(() => new Matcher('l', '=~', value), {
        name: 'QueryError',
        message: /no regular expression of RE2 syntax/
      })
    })

  it('of fifty thousand values is made and asked at once', () => {
    const begun = process.cpuUsage()
    const matcher = new Matcher('l', '=~', Array.from({ length: 50_000 }, (_, i) => `host-${i}`).join('|'))
    assert.ok(matcher.matches('host-49999') && !matcher.matches('host-50000'))
    assert.ok(process.cpuUsage(begun).user < 1_000_000)
  })
})
