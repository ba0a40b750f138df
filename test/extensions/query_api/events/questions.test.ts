import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EVENT_QUESTIONS } from '../../../../extensions/query_api/events/questions.ts'
import { Parameters } from '../../../../extensions/query_api/parameters.ts'

const NOW = Date.UTC(2026, 10, 29)
const DAY_MS = 86_400_000
const ask = (question: string, text: string) =>
  EVENT_QUESTIONS.get(`events/${question}`)!(new Parameters(new URLSearchParams(text)), NOW)

test('questions about events have their defaults', () => {
  const scope = { start: NOW - DAY_MS, end: NOW, matchers: { known: [], selectors: [] } }
  const groups = { kind: 'groups', ...scope, by: [], stepMs: undefined, limit: 100 }
  assert.deepEqual(ask('counts', ''), { ...groups, of: undefined })
  assert.deepEqual(ask('uniques', 'of=user_id'), { ...groups, of: 'user_id' })
  assert.deepEqual(ask('names', ''), { kind: 'names', ...scope, limit: 1000 })
  assert.deepEqual(ask('top', 'of=plan'), {
    kind: 'top',
    ...scope,
    matchers: { known: [{ name: 'plan', op: '!=', value: '' }], selectors: [] },
    by: ['plan'],
    of: undefined,
    stepMs: undefined,
    limit: 10
  })
  assert.deepEqual(ask('funnel', 'of=u&steps=a&steps=b'), {
    kind: 'funnel',
    ...scope,
    of: 'u',
    steps: ['a', 'b'].map(text => ({ known: [], selectors: [{ parameter: 'steps', text }] })),
    windowMs: DAY_MS,
    modes: [],
    by: undefined,
    limit: 100
  })
  const selector = (parameter: string, text: string) => ({ known: [], selectors: [{ parameter, text }] })
  assert.deepEqual(ask('retention', 'of=u&cohort=a&return=b'), {
    kind: 'retention',
    ...scope,
    start: NOW - 8 * DAY_MS,
    of: 'u',
    cohort: selector('cohort', 'a'),
    returning: selector('return', 'b'),
    periodMs: DAY_MS,
    periods: 7
  })
})

test('several names are one condition', () => {
  const { known } = ask('counts', 'name=a.b&name=c%7Cd').matchers
  assert.deepEqual(known, [{ name: '__name__', op: '=~', value: 'a\\.b|c\\|d' }])
})

test('parameters of questions about events that cannot be are refused by name', () => {
  const cases: readonly (readonly [question: string, text: string, message: RegExp])[] = [
    ['counts', 'group_by=plan', /"group_by": there is no such parameter here: use start, end, .*by, step, limit/],
    ['counts', 'start=2&end=2', /"end": it is not after start/],
    ['counts', 'start=-1&end=2', /"start": it is before 1970/],
    ['counts', 'end=99999999999', /"end": it is after 2299/],
    ['counts', 'step=0', /"step": zero or negative/],
    ['counts', 'step=soon', /"step": "soon" is no duration/],
    ['counts', 'by=plan&step=1s', /"step": the answer would have 8726400 points, and 200000 is the most/],
    ['counts', 'by=plan&by=plan', /"by": "plan" is given twice/],
    ['counts', 'by=', /"by": it is empty/],
    ['counts', 'limit=0', /"limit": 0 is not from 1 to 1000/],
    ['counts', new URLSearchParams(Array.from({ length: 33 }, () => ['by', 'x'])).toString(), /"by": .* 33 times/],
    ['uniques', '', /"of": it is missing/],
    ['funnel', 'of=u&steps=a', /"steps": give it twice at least/],
    ['funnel', 'of=u&steps=a&steps=b&window=-1d', /"window"/],
    ['funnel', 'of=u&steps=a&steps=b&mode=loose', /"mode": "loose" is none: use strict_order or strict_increase/],
    ['funnel', 'of=u&steps=a&steps=b&by=x&by=y', /"by": a funnel is told apart by one/],
    ['retention', 'of=u&return=b', /"cohort": it is missing/],
    ['retention', 'of=u&cohort=a&return=b&periods=0', /"periods": 0 is not from 1 to 366/],
    ['retention', 'of=u&cohort=a&return=b&period=1s&start=0', /"period": the answer would have/]
  ]
  for (const [question, text, message] of cases)
    assert.throws(() => ask(question, text), { kind: 'bad_data', message }, text)
})
