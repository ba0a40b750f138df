import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { matchStates, signaturesOf } from '../../../../core/windows/reload/state-matching.ts'
import type { RuleSettings } from '../../../../core/windows/settings.ts'
import { ruleOf, tumbling } from '../harness.ts'

const WINDOWS = [1000, 10_000, 60_000, 3_600_000].map(tumbling)
const rule = (name: string, more: Partial<RuleSettings> = {}): RuleSettings =>
  ruleOf({ windows: WINDOWS, match: { name }, name: `${name}.{name}`, ...more })
const [A, B, C] = ['a', 'b', 'c'].map(name => rule(name))
const GONE = 'is no longer configured'
const OTHER_WINDOWS = 'had windows of 1s, 10s, 1m, 1h and has windows of 5s now'

const CASES: [name: string, saved: RuleSettings[], now: RuleSettings[], want: (number | string)[]][] = [
  ['the same', [A, B], [A, B], [0, 1]],
  ['moved', [A, B], [B, C, A], [2, 0]],
  ['the first removed', [A, B], [B], [GONE, 0]],
  ['one in place of another', [A, B], [C, B], [GONE, 1]],
  ['changed so that the state fits, and moved', [A, B], [B, { ...A, maxGroups: 5 }], [1, 0]],
  ['changed so that the state does not fit', [A, B], [{ ...A, windows: [tumbling(5000)] }, B], [OTHER_WINDOWS, 1]],
  ['removed, and the other changed', [A, B], [{ ...B, maxGroups: 5 }], [GONE, 0]],
  ['another condition', [A, B], [{ ...A, match: { name: 'x' } }, B], [0, 1]],
  ['another condition, and moved', [A, B], [B, { ...A, match: { name: 'x' } }], [GONE, 0]],
  ['another name', [A, B], [{ ...A, name: 'x.{name}' }, B], [0, 1]],
  ['another name and other windows', [A], [{ ...A, name: 'x.{name}', windows: [tumbling(5000)] }], [OTHER_WINDOWS]],
  [
    'two about the same, told apart by their windows',
    [rule('a', { windows: [tumbling(1000)] }), rule('a', { windows: [tumbling(60_000)] })],
    [rule('a', { windows: [tumbling(60_000)], maxGroups: 5 })],
    [GONE, 0]
  ]
]

describe('the rule that takes a state', () => {
  for (const [change, saved, now, want] of CASES)
    it(`if rules are: ${change}`, () => {
      const matches = matchStates(signaturesOf(saved), signaturesOf(now))
      assert.deepEqual(
        matches.map(match => (typeof match === 'number' ? match : match.why)),
        want
      )
    })

  it('is the same if states without one are no longer there', () => {
    const any = fc
      .record({
        match: fc.constantFrom('a', 'b', 'c').map(name => ({ name })),
        name: fc.constantFrom(undefined, 'x.{name}', 'y.{name}'),
        windows: fc.constantFrom(...[1000, 2000, 3000].map(size => [tumbling(size)])),
        maxGroups: fc.constantFrom(5, 6)
      })
      .map(ruleOf)
    const rules = fc.uniqueArray(any, { selector: one => JSON.stringify(one), maxLength: 5 })
    fc.assert(
      fc.property(rules, rules, (saved, now) => {
        const [before, after] = [signaturesOf([...saved, A]), signaturesOf([...now, A])]
        const matches = matchStates(before, after)
        const kept = before.filter((_, i) => typeof matches[i] === 'number')
        assert.deepEqual(
          matchStates(kept, after),
          matches.filter(match => typeof match === 'number')
        )
        assert.equal(new Set(matchStates(kept, after)).size, kept.length, 'none has two')
      }),
      { numRuns: 2000 }
    )
  })
})
