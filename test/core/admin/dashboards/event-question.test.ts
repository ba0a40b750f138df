import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Panel } from '../../../../core/admin/dashboards/dashboard.ts'
import { type EventPanel, eventQuestion, showsEvents } from '../../../../core/admin/dashboards/event-question.ts'

const VALUES = new Map([
  ['event', 'page "view"'],
  ['by', 'plan'],
  ['none', '']
])

const cases: readonly (readonly [panel: EventPanel, path: string, parameters: object])[] = [
  [{ kind: 'stat', title: '', events: {} }, 'counts', {}],
  [
    { kind: 'line', title: '', events: { name: '$event', where: '{x="$event"}', by: ['$by', '$none'], limit: 5 } },
    'counts',
    { name: 'page "view"', where: '{x="page \\"view\\""}', by: ['plan'], limit: '5' }
  ],
  [{ kind: 'table', title: '', events: { of: 'user_id', by: [] } }, 'uniques', { of: 'user_id' }],
  [{ kind: 'top', title: '', events: { of: '$by' } }, 'top', { of: 'plan' }],
  [
    { kind: 'funnel', title: '', events: { of: 'u', steps: ['{__name__="$event"}', 'b'], window: '7d', by: '$none' } },
    'funnel',
    { of: 'u', steps: ['{__name__="page \\"view\\""}', 'b'], window: '7d' }
  ],
  [
    { kind: 'retention', title: '', events: { of: 'u', cohort: 'a', return: 'b', period: '1d', periods: 3 } },
    'retention',
    { of: 'u', cohort: 'a', return: 'b', period: '1d', periods: '3' }
  ]
]

for (const [panel, path, parameters] of cases)
  test(`the question of a panel: ${panel.kind}, ${path}`, () => {
    assert.ok(showsEvents(panel))
    assert.deepEqual(eventQuestion(panel, VALUES), { path, parameters })
  })

test('a panel of queries shows no events', () => {
  const panel: Panel = { kind: 'line', title: '', queries: [{ promql: 'up' }] }
  assert.equal(showsEvents(panel), false)
})
