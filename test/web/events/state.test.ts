import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDashboard } from '../../../core/admin/dashboards/check.ts'
import { parseMatchers } from '../../../core/promql/parser/parse.ts'
import { type Chosen, narrowed, panelsOf, QUESTIONS, selectorOf, stateOf } from '../../../web/events/state.ts'

const CATALOG = { names: ['page view', 'signup'], attributes: ['plan', 'user_id'] }
const at = (values: Readonly<Record<string, string>>): Chosen => ({ get: name => values[name] })

test('without a choice, names and attributes that there are stand in', () => {
  const state = stateOf(at({}), CATALOG)
  assert.deepEqual(
    [state.question, state.of, state.attribute, state.steps],
    ['counts', 'user_id', 'plan', ['{"page view"}', 'signup']]
  )
  assert.equal(stateOf(at({}), { names: [], attributes: [] }).of, '')
})

test('a value of the URL that means nothing is as if it were not there', () => {
  const state = stateOf(at({ ask: 'x', steps: '{"', periods: 'many' }), CATALOG)
  assert.deepEqual([state.question, state.steps.length, state.periods], ['counts', 2, 7])
  assert.equal(stateOf(at({ periods: '1000' }), CATALOG).periods, 366)
})

for (const ask of QUESTIONS)
  test(`the panels of a question are ones that a dashboard may have: ${ask}`, () => {
    const state = stateOf(at({ ask, event: 'signup', where: '{plan="pro"}', by: 'plan' }), CATALOG)
    const { problems } = checkDashboard(JSON.stringify({ title: 'T', rows: [{ panels: panelsOf(state) }] }))
    assert.deepEqual(problems, [])
  })

test('names of any kind are selectors', () => {
  for (const name of ['signup', 'page view', '2nd', 'a"b\\c', '']) {
    const [matcher] = parseMatchers(selectorOf(name))
    assert.deepEqual([matcher.name, matcher.op, matcher.value], ['__name__', '=', name])
  }
})

const cases: readonly (readonly [where: string, want: string])[] = [
  ['', '{a="x"}'],
  ['{}', '{a="x"}'],
  ['signup', 'signup{a="x"}'],
  ['signup{b="y"}', 'signup{b="y", a="x"}'],
  [' { b="y", } ', '{b="y", a="x"}'],
  ['{"page view", b=~"}"}', '{"page view", b=~"}", a="x"}']
]
for (const [where, want] of cases)
  test(`a selector with one value more: ${where}`, () => {
    assert.equal(narrowed(where, 'a', 'x'), want)
    parseMatchers(want)
  })

test('attributes and values of any kind are put in quotes', () => {
  const [matcher] = parseMatchers(narrowed('', 'geo.country', 'a"b\\c'))
  assert.deepEqual([matcher.name, matcher.value], ['geo.country', 'a"b\\c'])
})
