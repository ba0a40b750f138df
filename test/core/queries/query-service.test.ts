import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { QueryableStore } from '../../../core/promql/queryable.ts'
import { QueryService, type QueryServiceOptions } from '../../../core/queries/query-service.ts'
import type { QueryOptions, QueryRequest } from '../../../core/queries/requests.ts'
import { systemClock } from '../../../core/telemetry/clock.ts'
import { testContext } from '../../../sdk/plugin/testing.ts'
import { CountingStore } from './counting-store.ts'

const OPTIONS: QueryOptions = { limit: 0, lookbackMs: undefined, stats: false }
const SETTINGS: QueryServiceOptions = {
  limits: { maxSeries: 100, maxSamples: 100_000 },
  lookbackMs: 1000,
  cacheBytes: 2 ** 20,
  experimental: false,
  timeoutMs: 20_000,
  maxConcurrent: 4,
  maxQueued: 4,
  queueTimeoutMs: 1000,
  threads: 2
}
const never = new AbortController().signal

function serviceOf(store: QueryableStore | undefined, settings: Partial<QueryServiceOptions> = {}) {
  const host = { ...testContext(), clock: systemClock }
  const service = new QueryService(() => store, { ...SETTINGS, ...settings }, host)
  after(() => service.close())
  const ask = async (request: QueryRequest, { required = [] as [string, string][], signal = never } = {}) => {
    const { data, ...remarks } = await service.ask(request, { tenant: '', required, signal })
    return { data: JSON.parse(Buffer.from(data).toString()), ...remarks }
  }
  return { service, ask }
}

const instant = (text: string): QueryRequest => ({ kind: 'query', text, time: 5000, options: OPTIONS })
const range = (text: string, start: number, end: number): QueryRequest => ({
  kind: 'query_range',
  text,
  start,
  end,
  stepMs: 1000,
  options: OPTIONS
})

test('a query is evaluated in a thread, of bytes that come piece by piece', async () => {
  const { ask } = serviceOf(new CountingStore())
  assert.deepEqual((await ask(instant('sum(rate(up[5s]))'))).data, {
    resultType: 'vector',
    result: [{ metric: {}, value: [5, '2'] }]
  })
  const { data } = await ask(range('up{job="a"} > 2', 1000, 4000))
  assert.deepEqual(data.result, [
    {
      metric: { __name__: 'up', job: 'a' },
      values: [
        [3, '3'],
        [4, '4']
      ]
    }
  ])
})

test('threads start before the first question, unless the store is not there yet', async () => {
  const store = new CountingStore()
  const { service, ask } = serviceOf(store)
  service.start()
  assert.equal(store.threads, 2)
  await ask(instant('up'))
  assert.equal(store.threads, 2)
  serviceOf(undefined).service.start()
})

test('a range that moves on reads its new samples only, and all that has changed', async () => {
  const store = new CountingStore()
  const { ask } = serviceOf(store)
  await ask(range('up', 10_000, 20_000))
  await ask(range('up', 11_000, 22_000))
  assert.deepEqual(store.wanted.at(-1), { after: 20_000, until: 22_000 })
  await ask(range('up', 11_000, 22_000))
  assert.equal(store.wanted.length, 2)
  store.wrote(15_000)
  await ask(range('up', 11_000, 22_000))
  assert.deepEqual(store.wanted.slice(2), [{ after: 14_000, until: 22_000 }])
})

test('errors say what is wrong, by kind', async () => {
  const { ask } = serviceOf(new CountingStore())
  await assert.rejects(ask(instant('sum(')), { kind: 'bad_data', message: /1:5/ })
  await assert.rejects(ask(instant('broken')), { kind: 'unavailable', message: /the disk is gone/ })
  await assert.rejects(ask(range('up', 0, 100_000_000)), { kind: 'execution', message: /max_samples/ })
  await assert.rejects(serviceOf(undefined).ask(instant('up')), { kind: 'unavailable' })
})

test('a query ends with its time, and with its client', async () => {
  const store = new CountingStore()
  await assert.rejects(serviceOf(store, { timeoutMs: 50 }).ask(instant('slow')), { kind: 'timeout' })
  const gone = new AbortController()
  const asked = serviceOf(store).ask(instant('slow'), { signal: gone.signal })
  setTimeout(() => gone.abort(), 300)
  await assert.rejects(asked, { kind: 'canceled' })
  while (store.stopped < 2) await new Promise(setImmediate)
})

test('the labels that a reader must have are in every selector', async () => {
  const { ask } = serviceOf(new CountingStore())
  const required: [string, string][] = [['job', 'a']]
  const { data } = await ask(instant('sum(up) + sum_over_time(sum(up)[2s:1s])'), { required })
  assert.deepEqual(data.result, [{ metric: {}, value: [5, '14'] }])
  const series = await ask(
    { kind: 'series', matches: ['up'], start: 0, end: 1, limit: 1 },
    { required: [['tenant', 'x']] }
  )
  assert.deepEqual(series.data, [{ __name__: 'up', job: 'a', tenant: 'x' }])
  assert.deepEqual(series.warnings, ['results truncated due to limit'])
})

test('labels, metadata, cardinality, canonical text and tree', async () => {
  const { ask } = serviceOf(new CountingStore())
  const all = { matches: [], start: 0, end: 1, limit: 0 }
  const cases: readonly (readonly [request: QueryRequest, data: unknown])[] = [
    [{ kind: 'labels', ...all }, ['__name__', 'job']],
    [{ kind: 'label_values', label: 'job', ...all }, ['a', 'b']],
    [
      { kind: 'metadata', metric: undefined, limit: 0 },
      { up: [{ type: 'gauge', help: 'Whether it runs.', unit: '' }] }
    ],
    [{ kind: 'metadata', metric: 'down', limit: 0 }, {}],
    [{ kind: 'format_query', text: 'sum( up )by(job)' }, 'sum by (job) (up)']
  ]
  for (const [request, data] of cases) assert.deepEqual((await ask(request)).data, data, request.kind)
  assert.equal((await ask({ kind: 'parse_query', text: '1 + up' })).data.type, 'binaryExpr')
  assert.equal((await ask({ kind: 'tsdb', ...all })).data.headStats.numSeries, 2)
})

test('queries of one thread share the room for samples, and give it back', async () => {
  const { ask } = serviceOf(new CountingStore(), {
    threads: 1,
    limits: { maxSeries: 10, maxSamples: 3000 },
    cacheBytes: 0
  })
  const all = await Promise.allSettled(Array.from({ length: 4 }, () => ask(range('up', 0, 700_000))))
  const refused = all.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[]
  for (const { reason } of refused) assert.equal(reason.kind, 'unavailable', reason.message)
  assert.ok(refused.length < 4)
  await ask(range('up', 0, 700_000))
})
