import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Parameters } from '../../../extensions/query_api/parameters.ts'
import { QUESTIONS } from '../../../extensions/query_api/questions.ts'

const of = (text: string) => new Parameters(new URLSearchParams(text))
const NOW = Date.UTC(2026, 10, 29)

test('times and durations', () => {
  const times: readonly (readonly [text: string, ms: number])[] = [
    ['1435781430.781', 1435781430781],
    ['1435781430', 1435781430000],
    ['1.5e9', 1.5e12],
    ['-1', -1000],
    ['2015-07-01T20:10:51.781Z', 1435781451781],
    ['2015-07-01T22:10:51+02:00', 1435781451000]
  ]
  for (const [text, ms] of times) assert.equal(of(`time=${encodeURIComponent(text)}`).time('time'), ms, text)
  const durations: readonly (readonly [text: string, ms: number])[] = [
    ['15', 15_000],
    ['0.5', 500],
    ['1m30s', 90_000],
    ['1d', 86_400_000]
  ]
  for (const [text, ms] of durations) assert.equal(of(`step=${text}`).duration('step'), ms, text)
})

test('parameters that cannot be are refused by name', () => {
  const cases: readonly (readonly [question: string, text: string, message: RegExp])[] = [
    ['query', '', /"query": it is missing/],
    ['query', 'query=up&time=yesterday', /"time": "yesterday" is no time/],
    ['query', 'query=up&time=1e99', /"time"/],
    ['query', 'query=up&limit=-1', /"limit"/],
    ['query', 'query=up&lookback_delta=x', /"lookback_delta"/],
    ['query_range', 'query=up&start=0&end=1', /"step": it is missing/],
    ['query_range', 'query=up&end=1&step=1', /"start": it is missing/],
    ['query_range', 'query=up&start=2&end=1&step=1', /"end": it is before start/],
    ['query_range', 'query=up&start=0&end=1&step=0', /"step": zero or negative/],
    ['query_range', 'query=up&start=0&end=11001&step=1', /more than 11000 points per series: increase step to 2 s/],
    ['series', '', /"match\[\]"/],
    ['labels', 'start=2&end=1', /"end"/]
  ]
  for (const [question, text, message] of cases)
    assert.throws(() => QUESTIONS.get(question)!(of(text), NOW, {}), { kind: 'bad_data', message }, text)
})

test('regression: a long text that is no number took minutes of the main thread', () => {
  const digits = '1'.repeat(500_000)
  const start = performance.now()
  for (const name of ['time', 'step']) {
    assert.throws(() => of(`${name}=${digits}x`).time(name), { kind: 'bad_data' })
    assert.throws(() => of(`${name}=${digits}x`).duration(name), { kind: 'bad_data' })
  }
  assert.ok(performance.now() - start < 5000)
})

test('regression: a lookback that is not positive reached the store', () => {
  for (const text of ['0', '-1']) {
    const question = QUESTIONS.get('query')!(of(`query=up&lookback_delta=${text}`), NOW, {})
    assert.equal(question.kind === 'query' ? question.options.lookbackMs : 0, undefined, text)
  }
})

test('questions have their defaults', () => {
  const ask = (question: string, text: string, name = '') => QUESTIONS.get(question)!(of(text), NOW, { name })
  assert.deepEqual(ask('query', 'query=up'), {
    kind: 'query',
    text: 'up',
    time: NOW,
    options: { limit: 0, lookbackMs: undefined, stats: false }
  })
  const range = { start: NOW - 12 * 3_600_000, end: NOW, matches: [], limit: 0 }
  assert.deepEqual(ask('labels', ''), { kind: 'labels', ...range })
  const values = [
    ['job', 'job'],
    ['U__http_2e_route', 'http.route'],
    ['U__a__b', 'a_b'],
    ['U__x_FFFFFF_', 'x_FFFFFF_']
  ]
  for (const [path, label] of values)
    assert.deepEqual(ask('label/:name/values', '', path), { kind: 'label_values', label, ...range })
})
