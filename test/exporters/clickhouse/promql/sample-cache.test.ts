import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FLAG_NO_RECORDED_VALUE } from '../../../../core/model/points.ts'
import type { EvaluationRange } from '../../../../core/promql/engine/evaluate.ts'
import type { OpenedStore } from '../../../../core/promql/queryable.ts'
import { decodeRequest } from '../../../../exporters/clickhouse/promql/request.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { randomNumbers } from '../../../random-numbers.ts'
import { embedded, FOREVER, type Harness, signal } from '../harness.ts'
import { ask, flat } from './store-evaluation.ts'
import { storeOf } from './store-harness.ts'

const END = Date.UTC(2026, 10, 28, 12)
const INTERVAL_MS = 10_000
const SAMPLES = 90
const SERIES = 6
const METRIC = { name: 'queue', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
const COUNTER = { name: 'jobs', unit: '', description: '', kind: 'counter', temporality: 'cumulative' } as const
const QUERIES = [
  'queue',
  'sum by (a) (queue)',
  'max_over_time(queue[2m])',
  'quantile by (a) (0.9, avg_over_time(queue[1m]))',
  'sum by (a) (rate(jobs_total[1m]))',
  'increase(jobs_total{a="1"}[3m]) / count_over_time(jobs_total{a="1"}[3m])'
]

let h: Harness
let statements = 0
before(async () => {
  h = await embedded(FOREVER)
  await h.exporter.export(points(0, SAMPLES), signal())
})
after(() => h?.[Symbol.asyncDispose]())

/** Samples of all series, at these times. @param factor of values, which are otherwise always the same */
function points(from: number, until: number, factor = 1, series = SERIES): PointBlock {
  const builder = new PointBlockBuilder()
  const random = randomNumbers(from + 1)
  for (let k = from; k < until; k++)
    for (let n = 0; n < series; n++) {
      const time = END - (SAMPLES - k) * INTERVAL_MS + 700 * n + 0.25
      const labels = [
        ['a', String(n % 2)],
        ['b', String(n)]
      ] as const
      const flags = n === 0 && k % 40 === 20 ? FLAG_NO_RECORDED_VALUE : 0
      builder.add(h.context.series.intern(METRIC, labels), time, random() * 1000 * factor, 0, flags)
      const count = k % 50 === 13 ? 0 : k * (n + 1) * factor
      builder.add(h.context.series.intern(COUNTER, labels), time, count, END - 3_600_000)
    }
  return builder.build()
}

/** A store that keeps samples, whose statements are counted. */
async function cachedStore(): Promise<OpenedStore> {
  const { queryable } = h.exporter
  return storeOf(
    {
      queryable: {
        ...queryable,
        fetch(request, until) {
          if (decodeRequest(request).kind === 'statement') statements++
          return queryable.fetch(request, until)
        }
      }
    },
    true
  )
}

const range = (fromS: number, untilS: number, stepS = 15): EvaluationRange => ({
  start: END + fromS * 1000,
  end: END + untilS * 1000,
  stepMs: stepS * 1000
})

/** Both have the same results. Returns the statements that the store with a cache needed. */
async function compare(cached: OpenedStore, query: string, times: EvaluationRange): Promise<number> {
  const plain = await storeOf(h.exporter)
  const before = statements
  const got = flat((await ask(cached, query, times, true)).result, END)
  const needed = statements - before
  const want = flat((await ask(plain, query, times, false)).result, END)
  assert.ok(want.size > 0, query)
  assert.deepEqual([...got.keys()], [...want.keys()], query)
  // Series come in any order, by which sums may differ in the last bit.
  for (const [key, value] of want)
    assert.ok(
      Math.abs(got.get(key)! - value) <= 1e-12 * Math.abs(value),
      `${query} ${key}: ${got.get(key)}, not ${value}`
    )
  return needed
}

test('queries of samples that are known need no statement', async () => {
  const store = await cachedStore()
  let needed = 0
  for (const query of QUERIES) needed += await compare(store, query, range(-600, -60))
  assert.ok(needed > 0)
  for (const query of QUERIES) assert.equal(await compare(store, query, range(-600, -60)), 0, query)
  for (const query of QUERIES) assert.equal(await compare(store, query, range(-300, -90, 7)), 0, query)
})

test('a range that moves on, goes back, leaves a gap or is longer has its samples', async () => {
  const store = await cachedStore()
  for (const times of [
    range(-600, -500),
    range(-580, -480),
    range(-480, -400),
    range(-200, -100),
    range(-700, -650),
    range(-700, -100),
    range(-100, 0),
    range(-900, 0)
  ])
    for (const query of QUERIES) await compare(store, query, times)
})

test('who goes on by a bit, in the past, is soon answered without a statement', async () => {
  const store = await cachedStore()
  const needed: number[] = []
  for (let step = 0; step < 5; step++)
    needed.push(await compare(store, QUERIES[0], range(-600 + step * 15, -300 + step * 15)))
  assert.ok(needed[1] > 0)
  assert.deepEqual(needed.slice(2, 4), [0, 0])
})

test('regression of results by a cache: samples that come, late or again, are there at once', async () => {
  const store = await cachedStore()
  const all = async () => {
    for (const query of QUERIES) await compare(store, query, range(-600, 300))
  }
  await all()
  await h.exporter.export(points(SAMPLES, SAMPLES + 3), signal())
  await all()
  // Of a series that is new.
  await h.exporter.export(points(SAMPLES + 3, SAMPLES + 6, 1, SERIES + 1), signal())
  await all()
  // Again with other values, and of older times.
  await h.exporter.export(points(SAMPLES - 30, SAMPLES - 25, 2, SERIES + 2), signal())
  await all()
  await h.exporter.export(points(SAMPLES + 5, SAMPLES + 9, 3), signal())
  await all()
})

test('queries at the same time have what each of them asks for', async () => {
  const store = await cachedStore()
  const ranges = [range(-600, -500), range(-300, -100), range(-900, -100), range(-50, 0), range(-600, 0)]
  await Promise.all(ranges.flatMap(times => QUERIES.map(query => compare(store, query, times))))
})

test('samples that are more than a result of ClickHouse may be are left to it', async () => {
  await using small = await embedded({ ...FOREVER, query: { max_result_bytes: '4KiB' } })
  await small.exporter.export(points(0, SAMPLES), signal())
  const store = await storeOf(small.exporter, true)
  const times = range(-600, -60, 60)
  const got = flat((await ask(store, 'sum(rate(jobs_total[1m]))', times, true)).result, END)
  const plain = await storeOf(small.exporter)
  const want = flat((await ask(plain, 'sum(rate(jobs_total[1m]))', times, true)).result, END)
  assert.ok(want.size > 0)
  assert.deepEqual(got, want)
})

test('a metric of which there is too much is left to ClickHouse', async () => {
  const store = await cachedStore()
  const few = { maxSeries: 1000, maxSamples: 4 * SERIES * 30 }
  const matchers = [{ name: '__name__', op: '=', value: 'queue', matches: (text: string) => text === 'queue' }] as never
  const select = (seconds: number) =>
    store.select(
      {
        matchers,
        after: END - seconds * 1000,
        until: END,
        stepMs: 0,
        rangeMs: 0,
        func: undefined,
        limits: few
      },
      { warn() {}, info() {} },
      signal()
    )
  assert.equal((await select(100))[0].isKept, true)
  assert.equal((await select(800))[0].isKept, undefined)
  assert.equal((await select(90))[0].isKept, true)
})
