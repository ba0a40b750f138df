import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FloatHistogram, NO_BUCKETS } from '../../../../core/promql/histogram/float-histogram.ts'
import { QueryError } from '../../../../core/promql/query-error.ts'
import { ask, shown, storeOf } from './ask.ts'

const MINUTE = 60_000

test('kinds of results', async () => {
  const store = storeOf({ 'm{a="1"}': [1, 2, 3], 'm{a="0"}': [4, 5, 6] })
  const range = { start: 0, end: 2 * MINUTE, stepMs: MINUTE }
  const cases: [query: string, when: number | typeof range, type: string, want: unknown][] = [
    ['1 + 1', 0, 'scalar', 2],
    ['"text"', 0, 'string', 'text'],
    ['("text")', 0, 'string', 'text'],
    ['m', MINUTE, 'vector', ['{__name__="m", a="0"} 5', '{__name__="m", a="1"} 2']],
    ['m[2m]', MINUTE, 'matrix', ['{__name__="m", a="0"} 4@0 5@60', '{__name__="m", a="1"} 1@0 2@60']],
    ['m{a="1"}[2m:1m] offset 1m', 2 * MINUTE, 'matrix', ['{__name__="m", a="1"} 1@0 2@60']],
    ['m', range, 'matrix', ['{__name__="m", a="0"} 4@0 5@60 6@120', '{__name__="m", a="1"} 1@0 2@60 3@120']],
    ['time()', range, 'matrix', ['{} 0@0 60@60 120@120']],
    [
      'm',
      { ...range, start: MINUTE, end: MINUTE },
      'matrix',
      ['{__name__="m", a="0"} 5@60', '{__name__="m", a="1"} 2@60']
    ],
    ['sort_desc(m)', MINUTE, 'vector', ['{__name__="m", a="0"} 5', '{__name__="m", a="1"} 2']],
    ['sort(m)', MINUTE, 'vector', ['{__name__="m", a="1"} 2', '{__name__="m", a="0"} 5']],
    ['nothing', MINUTE, 'vector', []]
  ]
  for (const [query, when, type, want] of cases) {
    const result = await ask(query, store, when)
    assert.equal(result.value.type, type, query)
    assert.deepEqual(shown(result), want, query)
  }
})

test('a range that its step does not divide ends at the last step', async () => {
  const store = storeOf({ m: [1, 2, 3] })
  assert.deepEqual(shown(await ask('m', store, { start: 0, end: 100_000, stepMs: MINUTE })), [
    '{__name__="m"} 1@0 2@60'
  ])
  assert.equal(store.requests[0]!.until, MINUTE)
})

test('queries that have no result, and why', async () => {
  const store = storeOf({ 'm{a="1"}': [1, 2, 3], 'm{a="2"}': [1, 2, 3], 'n{a="1"}': [1, 2, 3] })
  const range = { start: 0, end: 2 * MINUTE, stepMs: MINUTE }
  const limited = { limits: { maxSeries: 1000, maxSamples: 10 } }
  const oneSeries = { limits: { maxSeries: 1, maxSamples: 1000 } }
  const cases: [query: string, options: object, kind: string, message: RegExp][] = [
    ['"text"', {}, 'bad_data', /invalid expression type "string" for range query/],
    ['m[5m]', {}, 'bad_data', /invalid expression type "range vector" for range query/],
    ['rate(m[5m])', limited, 'execution', /more than 10 samples in memory \(max_samples\): narrow it by labels/],
    ['vector(1)[1y:1ms]', limited, 'bad_data', /range vector/],
    ['max_over_time(vector(1)[1y:1ms])', {}, 'execution', /more than 1000000 samples/],
    ['max_over_time(nothing[1y:1ms])', {}, 'execution', /more than 1000000 samples/],
    ['max_over_time(label_replace(vector(scalar(nothing)), "a", "b", "", "")[1y:1ms])', {}, 'execution', /samples/],
    ['{__name__=~"m|n"}', oneSeries, 'execution', /the query needs . series, and . are the most/],
    ['rate({__name__=~"m|n"}[5m])', {}, 'execution', /^vector cannot contain metrics with the same labelset$/],
    [doubled(14), {}, 'execution', /^label_join makes a label value of more than 8192 characters/],
    [`label_replace(m, "b", "${'$1'.repeat(9000)}", "a", "(.)")`, {}, 'execution', /more than 8192 characters/],
    ['label_replace(m, "a", "x", "", "")', {}, 'execution', /same labelset/],
    ['label_replace(m, "", "x", "", "")', {}, 'execution', /^invalid label name ""$/],
    ['label_replace(m, "b", "x", "a", "(")', {}, 'execution', /"\(" is no regular expression/],
    ['double_exponential_smoothing(m[5m], 1, 0.5)', {}, 'execution', /smoothing factor .* is 1: it must be above 0/],
    ['topk(2^63, m)', {}, 'execution', /overflows int64/],
    ['topk(-(2^64), m)', {}, 'execution', /underflows int64/]
  ]
  for (const [query, options, kind, message] of cases)
    await assert.rejects(ask(query, store, range, options), error => {
      assert.ok(error instanceof QueryError, `${query}: ${error}`)
      assert.equal(error.kind, kind, query)
      assert.match(error.message, message)
      return true
    })
})

test('a query ends once its signal fires, with the reason', async () => {
  const store = storeOf({ m: [1, 2, 3] })
  const reason = new QueryError('forbidden', 'no more')
  const cases: [reason: unknown, kind: string, message: RegExp][] = [
    [undefined, 'canceled', /canceled/],
    [new DOMException('late', 'TimeoutError'), 'timeout', /took too long/],
    [reason, 'forbidden', /no more/]
  ]
  for (const [why, kind, message] of cases) {
    const signal = AbortSignal.abort(why)
    await assert.rejects(ask('m', store, 0, { signal }), { name: 'QueryError', kind, message })
  }
})

test('a long computation notices the signal before its end', async () => {
  const store = storeOf({ m: Array.from({ length: 50_000 }, (_, i) => i) }, 10)
  const signal = AbortSignal.timeout(60)
  const range = { start: 0, end: 500_000, stepMs: 10 }
  await assert.rejects(ask('quantile_over_time(0.5, m[10m])', store, range, { signal }), { kind: 'timeout' })
})

test('the first failure of a store ends the other requests', async () => {
  const signals: AbortSignal[] = []
  const store = Object.assign(storeOf({}), {
    select: ({ matchers }: { matchers: readonly { value: string }[] }, _: unknown, signal: AbortSignal) => {
      signals.push(signal)
      if (matchers[0]!.value === 'b') return Promise.reject(new QueryError('unavailable', 'away'))
      return new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }
  })
  await assert.rejects(ask('a + b + c', store, 0), { kind: 'unavailable' })
  assert.deepEqual(
    signals.map(({ aborted }) => aborted),
    [true, true, true]
  )
})

test('statistics count samples that were looked at, and those in memory at one time', async () => {
  const store = storeOf({ 'm{a="1"}': [1, 2, 3], 'm{a="2"}': [1, 2] })
  const range = { start: 0, end: 2 * MINUTE, stepMs: MINUTE }
  const { statistics } = await ask('sum(m)', store, range)
  assert.equal(statistics.samplesRead, 6)
  // 5 of the store, and 3 times each of one row, of the running sum and of the result.
  assert.equal(statistics.peakSamples, 5 + 3 * 3)
  assert.equal((await ask('count_over_time(m[2m])', store, 2 * MINUTE)).statistics.samplesRead, 3)
})

test('histograms count by their size, those of the store and those that are made', async () => {
  const store = storeOf({ h_total: [1, 2, 3, 4].map(count => histogramOf(100, count)) })
  const { statistics } = await ask('h_total', store, { start: 0, end: 3 * MINUTE, stepMs: MINUTE })
  // Of each, one cell and 100 counts; both of the store and of the result.
  assert.equal(statistics.peakSamples, 2 * 4 * (1 + 51))
  const limits = { maxSeries: 10, maxSamples: 300 }
  await assert.rejects(ask('rate(h_total[2m])', store, { start: 0, end: 3 * MINUTE, stepMs: MINUTE }, { limits }), {
    message: /more than 300 samples/
  })
  // An aggregation keeps one series at a time.
  const many = storeOf(
    Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [`h_total{i="${i}"}`, [1, 2, 3, 4].map(n => histogramOf(100, n))])
    )
  )
  const stored = 20 * 4 * (1 + 51)
  const sum = await ask('sum(rate(h_total[2m]))', many, { start: 0, end: 3 * MINUTE, stepMs: MINUTE })
  assert.ok(sum.statistics.peakSamples < stored + 1000, `${sum.statistics.peakSamples}`)
})

test('the same samples are asked for once', async () => {
  const store = storeOf({ m: [1, 2, 3, 4] })
  const cases: [query: string, requests: number][] = [
    ['m + m', 1],
    ['rate(m[2m]) / rate(m[2m])', 1],
    ['m + m offset 1m', 2],
    ['m{a=""} + m', 2],
    ['rate(m[2m]) + rate(m[1m])', 2]
  ]
  for (const [query, requests] of cases) {
    store.requests.length = 0
    await ask(query, store, 3 * MINUTE)
    assert.equal(store.requests.length, requests, query)
  }
})

/** A label twice as long each time. */
const doubled = (times: number) => `${'label_join('.repeat(times)}m${', "a", "", "a", "a")'.repeat(times)}`

function histogramOf(buckets: number, each: number): FloatHistogram {
  const counts = new Float64Array(buckets).fill(each)
  return {
    schema: 0,
    counterReset: 'unknown',
    count: buckets * each,
    sum: buckets * each,
    zeroThreshold: 0,
    zeroCount: 0,
    positive: { offset: 0, counts },
    negative: NO_BUCKETS,
    customBounds: new Float64Array()
  }
}
