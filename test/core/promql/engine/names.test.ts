import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, shown, storeOf } from './ask.ts'

const MINUTE = 60_000
const STORE = storeOf({ 'a_total{x="1"}': [1, 2, 3], 'b_total{x="1"}': [4, 5, 6] })

test('results that are not the metric any more lose its name', async () => {
  const cases: [query: string, want: string[]][] = [
    ['a_total', ['{__name__="a_total", x="1"} 3']],
    ['+a_total', ['{__name__="a_total", x="1"} 3']],
    ['-a_total', ['{x="1"} -3']],
    ['a_total > 0', ['{__name__="a_total", x="1"} 3']],
    ['a_total > bool 0', ['{x="1"} 1']],
    ['a_total * 1', ['{x="1"} 3']],
    ['a_total < b_total', ['{__name__="a_total", x="1"} 3']],
    ['a_total < on(x) b_total', ['{x="1"} 3']],
    ['a_total + b_total', ['{x="1"} 9']],
    ['a_total and b_total', ['{__name__="a_total", x="1"} 3']],
    ['last_over_time(a_total[5m])', ['{__name__="a_total", x="1"} 3']],
    ['max_over_time(a_total[5m])', ['{x="1"} 3']],
    ['abs(a_total)', ['{x="1"} 3']],
    ['timestamp(a_total)', ['{x="1"} 120']],
    ['topk(1, a_total)', ['{__name__="a_total", x="1"} 3']],
    ['sum without (x) (a_total)', ['{} 3']],
    ['sum by (__name__) (a_total)', ['{__name__="a_total"} 3']]
  ]
  for (const delayedNameRemoval of [false, true])
    for (const [query, want] of cases)
      assert.deepEqual(shown(await ask(query, STORE, 2 * MINUTE, { delayedNameRemoval })), want, query)
})

test('with the delayed removal, other functions still see the name', async () => {
  const options = { delayedNameRemoval: true }
  const query = 'label_replace(increase({__name__=~".+_total"}[2m]), "was", "$1", "__name__", "(.+)")'
  await assert.rejects(ask(query, STORE, 2 * MINUTE), /same labelset/)
  assert.deepEqual(shown(await ask(query, STORE, 2 * MINUTE, options)), [
    '{was="a_total", x="1"} 2',
    '{was="b_total", x="1"} 2'
  ])
  await assert.rejects(ask('increase({__name__=~".+_total"}[2m])', STORE, 2 * MINUTE, options), /same labelset/)
})

test('series that follow each other become one', async () => {
  const store = storeOf({ 'm{a="1"}': [1, 2], 'm{a="2"}': [undefined, undefined, 3, 4] })
  const range = { start: 0, end: 3 * MINUTE, stepMs: MINUTE }
  const query = 'label_replace(m, "a", "", "", "")'
  assert.deepEqual(shown(await ask(query, store, range, { lookbackMs: MINUTE })), [
    '{__name__="m"} 1@0 2@60 3@120 4@180'
  ])
  await assert.rejects(ask(query, store, range), /same labelset/)
})
