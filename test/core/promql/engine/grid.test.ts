import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Labels } from '../../../../core/promql/labels.ts'
import type { GridRequest, GridSeries, SampleStore } from '../../../../core/promql/sample-store.ts'
import { ask, labelsOf, shown, storeOf } from './ask.ts'

const MINUTE = 60_000
const RANGE = { start: MINUTE, end: 3 * MINUTE, stepMs: MINUTE }

/** A store that computes what `answers` has by the function's name, and has no samples. */
function computing(answers: Readonly<Record<string, readonly GridSeries[]>>) {
  const requests: GridRequest[] = []
  const grid: SampleStore['grid'] = async request => {
    requests.push(request)
    const { func, aggregate } = request
    return answers[aggregate === undefined ? func : `${aggregate.op} ${func}`]?.slice()
  }
  return { store: Object.assign(storeOf({}), { grid }), requests }
}

function series(selector: string, values: readonly (number | undefined)[]): GridSeries {
  return {
    labels: selector === '{}' ? Labels.NONE : labelsOf(selector),
    values: Float64Array.from(values, value => value ?? 0),
    absent: values.includes(undefined) ? Uint8Array.from(values, value => (value === undefined ? 1 : 0)) : undefined
  }
}

test('results of a store stand in place of functions and aggregations', async () => {
  const { store, requests } = computing({
    rate: [series('{a="1"}', [1, undefined, 3])],
    'sum increase': [series('{}', [4, 5, 6])],
    last: [series('{__name__="m", a="1"}', [7, 8, 9])]
  })
  const cases: [query: string, want: string[]][] = [
    ['rate(m_total[5m])', ['{a="1"} 1@60 3@180']],
    ['-rate(m_total[5m])', ['{a="1"} -1@60 -3@180']],
    ['sum(rate(m_total[5m]))', ['{} 1@60 3@180']],
    ['sum(increase(m_total[5m])) + 1', ['{} 5@60 6@120 7@180']],
    ['m', ['{__name__="m", a="1"} 7@60 8@120 9@180']],
    ['absent(m)', []],
    ['max by (a) (m)', ['{a="1"} 7@60 8@120 9@180']]
  ]
  for (const [query, want] of cases) assert.deepEqual(shown(await ask(query, store, RANGE)), want, query)
  const { matchers, limits, ...first } = requests[0]!
  assert.deepEqual(first, {
    func: 'rate',
    start: MINUTE,
    end: 3 * MINUTE,
    stepMs: MINUTE,
    rangeMs: 300_000,
    aggregate: undefined
  })
  assert.deepEqual(
    matchers.map(({ name, value }) => [name, value]),
    [['__name__', 'm_total']]
  )
})

test('a store that cannot compute a function is asked for samples', async () => {
  const { store, requests } = computing({})
  const samples = storeOf({ m_total: [1, 2, 3, 4] })
  store.select = request => samples.select(request)
  assert.deepEqual(shown(await ask('sum(increase(m_total[2m]))', store, 3 * MINUTE)), ['{} 2'])
  assert.deepEqual(
    requests.map(({ func, aggregate }) => [func, aggregate?.op]),
    [
      ['increase', 'sum'],
      ['increase', undefined]
    ]
  )
})

test('a fixed time is asked for once, and holds for all times', async () => {
  const { store, requests } = computing({ last: [series('m', [7])] })
  assert.deepEqual(shown(await ask('m @ 30 offset 10s', store, RANGE)), ['{__name__="m"} 7@60 7@120 7@180'])
  assert.deepEqual([requests[0]!.start, requests[0]!.end, requests[0]!.stepMs], [20_000, 20_000, 1])
})

test('rates of gauges are remarked on, whoever computes them', async () => {
  const { store } = computing({ rate: [series('{a="1"}', [1, 2, 3])], 'sum rate': [series('{}', [1, 2, 3])] })
  const info =
    'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "memory" (1:6)'
  assert.deepEqual((await ask('rate(memory[5m])', store, RANGE)).infos, [info])
  assert.deepEqual((await ask('sum(rate(memory[5m]))', store, RANGE)).infos, [info.replace('1:6', '1:10')])
  assert.deepEqual((await ask('rate(m_total[5m])', store, RANGE)).infos, [])
})

test('more series than allowed are refused, whoever computes them', async () => {
  const { store } = computing({ last: [series('m{a="1"}', [1, 2, 3]), series('m{a="2"}', [1, 2, 3])] })
  const limits = { maxSeries: 1, maxSamples: 1000 }
  await assert.rejects(ask('m', store, RANGE, { limits }), {
    kind: 'execution',
    message: /matches 2 series, more than 1/
  })
})
