import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { matchStates, signaturesOf } from '../../../../core/windows/reload/state-matching.ts'
import plugin from '../../../../processors/windowed_counter/index.ts'
import { settingsOf } from '../../../../processors/windowed_counter/rules.ts'
import { testConfig } from '../../../../sdk/plugin/testing.ts'

type Rule = Record<string, unknown>

const DEFAULTS = testConfig(plugin) as never as Rule
const kinds = (rules: readonly Rule[]) => signaturesOf(settingsOf({ ...DEFAULTS, rules } as never).rules)
const rule = (name: string, more: Rule = {}): Rule => ({ match: { name }, name: `${name}.{name}`, ...more })
const [A, B, C] = ['a', 'b', 'c'].map(name => rule(name))
const GONE = 'is gone'
const OTHER_WINDOWS = 'had open windows of 1s, 10s, 1m, 1h, where 5s is configured now'

const CASES: [what: string, saved: Rule[], now: Rule[], want: (number | string)[]][] = [
  ['the same', [A, B], [A, B], [0, 1]],
  ['moved', [A, B], [B, C, A], [2, 0]],
  ['the first removed', [A, B], [B], [GONE, 0]],
  ['one in place of another', [A, B], [C, B], [GONE, 1]],
  ['changed so that the state fits, and moved', [A, B], [B, { ...A, max_groups: 5 }], [1, 0]],
  ['changed so that the state does not fit', [A, B], [{ ...A, windows: [5000] }, B], [OTHER_WINDOWS, 1]],
  ['removed, and the other changed', [A, B], [{ ...B, max_groups: 5 }], [GONE, 0]],
  ['another condition', [A, B], [{ ...A, match: { name: 'x' } }, B], [0, 1]],
  ['another condition, and moved', [A, B], [B, { ...A, match: { name: 'x' } }], [GONE, 0]],
  ['another name', [A, B], [{ ...A, name: 'x.{name}' }, B], [0, 1]],
  ['another name and other windows', [A], [{ ...A, name: 'x.{name}', windows: [5000] }], [OTHER_WINDOWS]],
  [
    'two about the same, told apart by their windows',
    [rule('a', { windows: [1000] }), rule('a', { windows: [60_000] })],
    [rule('a', { windows: [60_000], max_groups: 5 })],
    [GONE, 0]
  ]
]

describe('the place of a state', () => {
  for (const [what, saved, now, want] of CASES)
    it(`where rules are: ${what}`, () => {
      const places = matchStates(kinds(saved), kinds(now))
      assert.deepEqual(
        places.map(place => (typeof place === 'number' ? place : place.why)),
        want
      )
    })

  it('is the same where those without one are no longer there', () => {
    const any = fc
      .record({
        match: fc.constantFrom('a', 'b', 'c').map(name => ({ name })),
        name: fc.constantFrom(undefined, 'x.{name}', 'y.{name}'),
        windows: fc.constantFrom([1000], [2000], [3000]),
        max_groups: fc.constantFrom(5, 6)
      })
      .map(({ name, ...rest }) => (name === undefined ? rest : { name, ...rest }))
    const rules = fc.uniqueArray(any, { selector: one => JSON.stringify(one), maxLength: 5 })
    fc.assert(
      fc.property(rules, rules, (saved, now) => {
        const [before, after] = [kinds([...saved, A]), kinds([...now, A])]
        const places = matchStates(before, after)
        const kept = before.filter((_, i) => typeof places[i] === 'number')
        assert.deepEqual(
          matchStates(kept, after),
          places.filter(place => typeof place === 'number')
        )
        assert.equal(new Set(matchStates(kept, after)).size, kept.length, 'none has two')
      }),
      { numRuns: 2000 }
    )
  })
})
