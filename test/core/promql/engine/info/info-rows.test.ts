import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask, shown, storeOf } from '../ask.ts'

const MINUTE = 60_000
const RANGE = { start: 3 * MINUTE, end: 4 * MINUTE, stepMs: MINUTE }

/** The version changes at 2m. */
const STORE = storeOf({
  'm{instance="1", job="a"}': [0, 1, 2, 3, 4],
  'n{instance="1", job="a"}': [5, 5, 5, 5, 5],
  'm{instance="2", job="b"}': [9, 9, 9, 9, 9],
  'target_info{instance="1", job="a", version="old", os="x"}': [1, 1, 'stale'],
  'target_info{instance="1", job="a", version="new", os="x"}': [undefined, undefined, 1, 1, 1],
  'build_info{instance="1", job="a", commit="abc"}': [1, 1, 1, 1, 1]
})

test('labels of info metrics are joined as of the time of the samples', async () => {
  const cases: [query: string, want: string[]][] = [
    ['info(m{job="a"})', ['{__name__="m", instance="1", job="a", os="x", version="new"} 3@180 4@240']],
    ['info(m{job="b"})', ['{__name__="m", instance="2", job="b"} 9@180 9@240']],
    ['info(m, {version=~".+"})', ['{__name__="m", instance="1", job="a", version="new"} 3@180 4@240']],
    ['info(m{job="a"}, {version=~".*"})', ['{__name__="m", instance="1", job="a", version="new"} 3@180 4@240']],
    ['info(m{job="a"}, {__name__="build_info"})', ['{__name__="m", commit="abc", instance="1", job="a"} 3@180 4@240']],
    [
      'info(m{job="a"}, {__name__!="target_info", commit="abc"})',
      ['{__name__="m", commit="abc", instance="1", job="a"} 3@180 4@240']
    ],
    [
      'info(build_info, {__name__=~".+_info"})',
      ['{__name__="build_info", commit="abc", instance="1", job="a"} 1@180 1@240']
    ],
    // Offsets and fixed times of the first selector hold for the info metrics too.
    [
      'info(m{job="a"} offset 2m)',
      [
        '{__name__="m", instance="1", job="a", os="x", version="new"} 2@240',
        '{__name__="m", instance="1", job="a", os="x", version="old"} 1@180'
      ]
    ],
    ['info(m{job="a"} @ 60)', ['{__name__="m", instance="1", job="a", os="x", version="old"} 1@180 1@240']],
    [
      'info(-sum by (job, instance) ((m{job="a"})) + n @ 0)',
      ['{instance="1", job="a", os="x", version="new"} 2@180 1@240']
    ],
    [
      'info(max_over_time(m{job="a"}[1m:30s] offset 3m), {version=~".+"})',
      ['{instance="1", job="a", version="old"} 0@180 1@240']
    ],
    [
      'info(rate(m{job="a"}[2m] @ 60), {version=~".+"})',
      ['{instance="1", job="a", version="old"} 0.008333333333333333@180 0.008333333333333333@240']
    ],
    ['info(topk(1, m{job="a"}), {os="x"})', ['{__name__="m", instance="1", job="a", os="x"} 3@180 4@240']],
    ['info(vector(1))', ['{} 1@180 1@240']]
  ]
  for (const [query, want] of cases) assert.deepEqual(shown(await ask(query, STORE, RANGE)), want, query)
})

test('info metrics that contradict each other', async () => {
  const m = { 'm{instance="1", job="a"}': [1] }
  const cases: [series: Record<string, number[]>, query: string, message: RegExp][] = [
    [
      { 'target_info{instance="1", job="a", v="1"}': [1], 'target_info{instance="1", job="a", v="2"}': [1] },
      'info(m)',
      /found duplicate series for info metric: .*v="1".* and .*v="2".* have samples of the same time/
    ],
    [
      { 'a_info{instance="1", job="a", v="1"}': [1], 'b_info{instance="1", job="a", v="2"}': [1] },
      'info(m, {__name__=~"._info"})',
      /conflicting label: v differs among the info metrics/
    ]
  ]
  for (const [series, query, message] of cases)
    await assert.rejects(ask(query, storeOf({ ...m, ...series }), 0), { kind: 'execution', message })
})

test('a store is asked for the jobs and instances of the series, unless these are very many', async () => {
  const store = storeOf({ 'm{instance="1.x", job="a"}': [1], 'm{instance="2"}': [1] })
  await ask('info(m)', store, 0)
  const shownMatchers = () => store.requests.at(-1)!.matchers.map(({ name, op, value }) => `${name}${op}${value}`)
  assert.deepEqual(shownMatchers(), ['__name__=target_info', 'instance=~1\\.x|2', 'job=~a'])
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`m{instance="${i}"}`, [1]]))
  const larger = storeOf(many)
  await ask('info(m)', larger, 0)
  assert.deepEqual(
    larger.requests.at(-1)!.matchers.map(({ name, op, value }) => `${name}${op}${value}`),
    ['__name__=target_info', 'instance!=']
  )
})
