import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { joinBlocks } from '../../../../core/model/join.ts'
import { FLAG_NO_RECORDED_VALUE } from '../../../../core/model/points.ts'
import type { EvaluationRange } from '../../../../core/promql/engine/evaluate.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import type { TestPoint } from '../../../processor-under-test.ts'
import { Harness } from '../../../processors/rollup/harness.ts'
import { signal } from '../harness.ts'
import { ask, flat } from './store-evaluation.ts'
import { LIMITS, matchers, openStore, type StoreHarness, shown } from './store-harness.ts'

const HOUR_S = 3600
const HOURS = 9
const INTERVAL_S = 30
/** After the edges of intervals, for a point at an edge counts in the next interval, and in the window that ends. */
const FIRST_S = 20
/** Data must be young, as old data would expire at once. */
const EPOCH = (Math.floor(Date.now() / (HOUR_S * 1000)) - HOURS) * HOUR_S * 1000
const TIERS = { '1m': '10d', '10m': '0s' }
const LABELS = '{"route":"/"}'

/** Keeps everything. */
let whole: StoreHarness
/** Keeps an hour, and tiers of all. */
let short: StoreHarness
before(async () => {
  const blocks = await recorded()
  whole = await openStore({ ttl: '30d', tiers: TIERS })
  short = await openStore({ ttl: '1h', tiers: TIERS })
  for (const { h } of [whole, short]) for (const block of blocks) await h.exporter.export(block, signal())
})
after(async () => {
  await whole?.[Symbol.asyncDispose]()
  await short?.[Symbol.asyncDispose]()
})

const valueAt = (at: number) => (at * 7919) % 101

/** A cumulative counter, a gauge and a histogram, as they come and rolled up. */
async function recorded(): Promise<PointBlock[]> {
  const rollup = await new Harness({ tiers: [{ size: '1m' }, { size: '10m' }] }, EPOCH).start()
  const raw: PointBlock[] = []
  let count = 0
  for (let at = FIRST_S; at <= HOURS * HOUR_S; at += INTERVAL_S) {
    rollup.advanceTo(at, INTERVAL_S * 1000)
    count += valueAt(at)
    const shared = { at, attributes: { route: '/' } }
    const points: TestPoint[] = [
      { ...shared, value: count, start: 0, metric: { name: 'http.requests', temporality: 'cumulative' } },
      { ...shared, value: valueAt(at), metric: { name: 'queue', kind: 'gauge', temporality: 'unspecified' } },
      {
        ...shared,
        start: 0,
        metric: { name: 'rpc', kind: 'histogram', temporality: 'cumulative' },
        distribution: histogram(at, count)
      },
      {
        ...shared,
        start: at - FIRST_S,
        metric: { name: 'rpc.delta', kind: 'histogram' },
        distribution: histogram(at, 1)
      }
    ]
    const ended: TestPoint = { ...points[1], metric: { ...points[1].metric, name: 'ended' } }
    if (at < 6 * HOUR_S) points.push(at + INTERVAL_S < 6 * HOUR_S ? ended : { ...ended, flags: FLAG_NO_RECORDED_VALUE })
    const block = rollup.block(points)
    raw.push(block)
    await rollup.sendBlock(block)
  }
  rollup.advanceTo(HOURS * HOUR_S + 60, 1000)
  return [joinBlocks(raw) as PointBlock, joinBlocks(rollup.blocks) as PointBlock]
}

/** A sample of the gauge after all that was rolled up. */
function youngest(): PointBlock {
  const metric = { name: 'queue', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
  const builder = new PointBlockBuilder()
  const series = whole.h.context.series.intern(metric, [['route', '/']])
  builder.add(series, EPOCH + (HOURS * HOUR_S + 600) * 1000, 1000)
  return builder.build()
}

/** One above 5 at each time, and `below`. */
function histogram(at: number, below: number) {
  const above = (at - FIRST_S) / INTERVAL_S + 1
  const unknown = { min: Number.NaN, max: Number.NaN }
  return { kind: 'histogram', count: below + above, sum: at, ...unknown, bounds: [5], counts: [below, above] } as const
}

/** The sum of values of the times in `(from, to]`, in s. */
function sumBetween(from: number, to: number): number {
  let sum = 0
  for (let at = from + FIRST_S; at <= to; at += INTERVAL_S) sum += valueAt(at)
  return sum
}

const seconds = (from: number, to: number, step: number): EvaluationRange => ({
  start: EPOCH + from * 1000,
  end: EPOCH + to * 1000,
  stepMs: step * 1000
})
const LONG = seconds(HOUR_S, 8 * HOUR_S, 1200)

test('a long query of increases is answered by the coarsest tier that is exact', async () => {
  const { result, computed } = await ask(whole.store, 'increase(http_requests_total[20m])', LONG, true)
  assert.equal(computed, 1)
  assert.match(result.infos.join(), /^intervals of 10m were used, which are complete up to /)
  for (const [key, value] of flat(result, EPOCH)) {
    const at = Number(key.split('@')[1]) / 1000
    assert.equal(value, sumBetween(at - 1200, at), key)
  }
  const rates = await ask(whole.store, 'sum by (route) (rate(http_requests_total[20m]))', LONG, true)
  assert.equal(flat(rates.result, EPOCH).get(`${LABELS}@7200000`), sumBetween(6000, 7200) / 1200)
})

test('regression: the last step of a long graph, asked for again, was read from the points as they came', async () => {
  const last = seconds(8 * HOUR_S, 8 * HOUR_S, HOUR_S)
  const { result } = await ask(whole.store, 'increase(http_requests_total[2h])', last, true)
  assert.match(result.infos.join(), /^intervals of 10m were used/)
  assert.deepEqual([...flat(result, EPOCH).values()], [sumBetween(6 * HOUR_S, 8 * HOUR_S)])
})

test('buckets of a long query are those of a tier', async () => {
  const { result, computed } = await ask(whole.store, 'sum by (le) (increase(rpc_bucket[20m]))', LONG, true)
  assert.equal(computed, 1)
  assert.equal(flat(result, EPOCH).get('{"le":"5"}@7200000'), sumBetween(6000, 7200))
})

test('a tier does not stand for deltas, where functions of counters mean nothing', async () => {
  const { result } = await ask(whole.store, 'increase(rpc_delta_bucket[20m])', LONG, true)
  assert.deepEqual(
    result.infos.filter(info => info.startsWith('intervals')),
    []
  )
})

test('a gauge is that of a tier too, unless its series ends', async () => {
  const range = seconds(HOUR_S, 8 * HOUR_S, 60)
  for (const [query, usesTier] of [
    ['queue', true],
    ['sum by (route) (queue)', true],
    ['ended', false]
  ] as const) {
    const [tier, raw] = [await ask(whole.store, query, range, true), await ask(whole.store, query, range, false)]
    assert.deepEqual([tier.computed, tier.result.infos.join().includes('intervals of 1m')], [1, usesTier], query)
    assert.deepEqual(flat(tier.result, EPOCH), flat(raw.result, EPOCH), query)
  }
})

for (const func of ['avg', 'min', 'max', 'sum', 'count', 'last'])
  test(`a tier has the ${func} of a gauge that its samples have`, async () => {
    const query = `${func}_over_time(queue[20m])`
    const [tier, raw] = [await ask(whole.store, query, LONG, true), await ask(whole.store, query, LONG, false)]
    assert.match(tier.result.infos.join(), func === 'last' ? /10m/ : /intervals of 10m/)
    const [got, want] = [flat(tier.result, EPOCH), flat(raw.result, EPOCH)]
    assert.deepEqual([...got.keys()], [...want.keys()])
    for (const [key, value] of want)
      assert.ok(Math.abs(got.get(key)! - value) < 1e-9, `${key}: ${got.get(key)}, not ${value}`)
  })

for (const query of [
  'quantile(0.5, avg_over_time(queue[20m]))',
  'max(avg_over_time(queue[40m]))',
  'quantile(0.9, max_over_time(queue[20m]))',
  'quantile(0.5, rate(http_requests_total[20m]))',
  'quantile(0.5, queue)',
  // A number of rates is none that could be divided by a length of time.
  'count(rate(http_requests_total[20m]))'
])
  test(`a tier has the aggregation that its samples have: ${query}`, async () => {
    const [tier, raw] = [await ask(whole.store, query, LONG, true), await ask(whole.store, query, LONG, false)]
    assert.equal(tier.computed, 1)
    assert.match(tier.result.infos.join(), query.includes('[') ? /intervals of 10m/ : /intervals of 1m/)
    const [got, want] = [flat(tier.result, EPOCH), flat(raw.result, EPOCH)]
    assert.deepEqual([...got.keys()], [...want.keys()])
    // Extrapolation to the edges of a window is for samples, and a tier has what came.
    const tolerance = query.includes('rate') ? 0.1 : 1e-9
    for (const [key, value] of want)
      assert.ok(
        Math.abs(got.get(key)! - value) <= tolerance * Math.max(1, value),
        `${key}: ${got.get(key)}, not ${value}`
      )
  })

test('aggregations of last samples, each of which is alone in its window', async () => {
  await using hourly = await openStore({ ttl: '1h', tiers: { '1h': '0s' } })
  const builder = new PointBlockBuilder()
  for (let n = 0; n < 6; n++) {
    const series = queueOf(hourly, n, '1h')
    for (let hour = n; hour < HOURS; hour++) if (hour !== 7) builder.add(series, EPOCH + hour * HOUR_S * 1000, n * hour)
  }
  await hourly.h.exporter.export(builder.build(), signal())
  const ops = ['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'quantile']
  const queries = ops.map(op => `${op} by (odd) (${op === 'quantile' ? '0.5, ' : ''}queue)`)
  for (const query of [...queries, 'sum by (__name__) (queue)', 'sum without (host) (queue{odd="1"})']) {
    const range = seconds(0, 8 * HOUR_S, HOUR_S)
    const [tier, engine] = [await ask(hourly.store, query, range, true), await ask(hourly.store, query, range, false)]
    // Regression: of stddev, the query failed.
    assert.equal(tier.computed, 1, query)
    const [got, want] = [flat(tier.result, EPOCH), flat(engine.result, EPOCH)]
    assert.deepEqual([...got.entries()].sort(), [...want.entries()].sort(), query)
    assert.notEqual(want.size, 0)
  }
})

/** The series of a gauge on host `n`, in a tier. */
function queueOf({ h }: Awaited<ReturnType<typeof openStore>>, n: number, rollup: string) {
  const metric = { name: 'queue', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' } as const
  return h.context.series.intern(metric, [
    ['host', `${n}`],
    ['odd', `${n % 2}`],
    ['rollup', rollup]
  ])
}

const MINUTES = 60
for (const [name, isThere, ends] of [
  ['all are there', () => true, false],
  ['some are not', (n: number, minute: number) => n !== 3 || minute % 10 < 7, false],
  ['one begins later', (n: number, minute: number) => n !== 3 || minute > 20, false],
  ['one ends', () => true, true]
] as const)
  test(`aggregations of last samples, of which there are several in each window: ${name}`, async () => {
    await using minutely = await openStore({ ttl: '1h', tiers: { '1m': '0s' } })
    const builder = new PointBlockBuilder()
    for (let n = 0; n < 6; n++) {
      const series = queueOf(minutely, n, '1m')
      for (let minute = 0; minute < MINUTES; minute++)
        if (isThere(n, minute)) builder.add(series, EPOCH + minute * 60_000, n * minute)
      if (ends && n === 5) builder.add(series, EPOCH + 29.5 * 60_000, 0, 0, FLAG_NO_RECORDED_VALUE)
    }
    await minutely.h.exporter.export(builder.build(), signal())
    for (const op of ['sum', 'avg', 'min', 'max', 'count'])
      for (const step of [300, 600, 330]) {
        const query = `${op} by (odd) (queue)`
        const range = seconds(300, 60 * (MINUTES - 1), step)
        const [tier, engine] = [
          await ask(minutely.store, query, range, true),
          await ask(minutely.store, query, range, false)
        ]
        assert.equal(tier.computed, 1, query)
        const [got, want] = [flat(tier.result, EPOCH), flat(engine.result, EPOCH)]
        assert.deepEqual([...got.entries()].sort(), [...want.entries()].sort(), `${query} ${step}`)
        assert.notEqual(want.size, 0)
      }
  })

test('the points as they came answer short queries, and steps that no tier has', async () => {
  for (const range of [
    seconds(HOUR_S, 2 * HOUR_S, 1200),
    seconds(HOUR_S, 8 * HOUR_S, 90),
    seconds(HOUR_S + 30, 8 * HOUR_S, 1200)
  ]) {
    const { result, computed } = await ask(whole.store, 'increase(http_requests_total[20m])', range, true)
    assert.deepEqual([computed, result.infos], [1, []])
  }
})

test('times after the last interval of a tier are those of the points as they came', async () => {
  await whole.h.exporter.export(youngest(), signal())
  const range = seconds(HOUR_S, HOURS * HOUR_S + 1200, 1200)
  const { result } = await ask(whole.store, 'sum(sum_over_time(queue[20m]))', range, true)
  const values = flat(result, EPOCH)
  assert.equal(values.get(`{}@${HOURS * HOUR_S * 1000}`), sumBetween(HOURS * HOUR_S - 1200, HOURS * HOUR_S))
  assert.equal(values.get(`{}@${(HOURS * HOUR_S + 1200) * 1000}`), 1000)
})

test('where points have expired, a tier is asked, and its series look the same', async () => {
  const range = { after: EPOCH, until: EPOCH + 1800_000, stepMs: 600_000, rangeMs: 1_200_000 }
  const ofCounter = await short.select(matchers('__name__=http_requests_total'), { ...range, func: 'irate' })
  assert.deepEqual(shown(ofCounter, EPOCH), {
    '__name__=http_requests_total route=/': [600, 1200, 1800].map(at => `${sumBetween(0, at)}@${at}`).join(' ')
  })
  const increments = await short.select(matchers('__name__=http_requests'), range)
  assert.deepEqual(shown(increments, EPOCH), {
    '__name__=http_requests route=/': [600, 1200, 1800].map(at => `${sumBetween(at - 600, at)}@${at}`).join(' ')
  })
  assert.match(short.remarks[0], /^intervals of 10m were used, which are complete up to 20/)
  const gauge = await short.select(matchers('__name__=queue', 'route=/'), range)
  assert.deepEqual(shown(gauge, EPOCH), {
    '__name__=queue route=/': [600, 1200, 1800].map(at => `${valueAt(at - INTERVAL_S + FIRST_S)}@${at}`).join(' ')
  })
  const buckets = await short.select(matchers('__name__=rpc_bucket', 'le=5'), { ...range, func: 'rate' })
  assert.deepEqual(shown(buckets, EPOCH), {
    '__name__=rpc_bucket le=5 route=/': [600, 1200, 1800].map(at => `${sumBetween(0, at)}@${at}`).join(' ')
  })
  const [{ histograms }] = await short.select(matchers('__name__=rpc'), { ...range, func: 'rate' })
  assert.deepEqual(
    histograms!.map(one => one!.count),
    [600, 1200, 1800].map(at => sumBetween(0, at) + at / INTERVAL_S)
  )
})

test('a finer tier is asked for shorter ranges', async () => {
  const range = { after: EPOCH, until: EPOCH + 120_000, stepMs: 60_000, rangeMs: 120_000, func: 'rate' }
  assert.deepEqual(shown(await short.select(matchers('__name__=http_requests_total'), range), EPOCH), {
    '__name__=http_requests_total route=/': `${sumBetween(0, 60)}@60 ${sumBetween(0, 120)}@120`
  })
})

test('expired series are still named', async () => {
  const request = {
    sets: [matchers('__name__=http_requests_total')],
    start: EPOCH,
    end: EPOCH + 1000_000,
    limits: LIMITS
  }
  assert.deepEqual(
    (await short.store.series(request, signal())).map(labels => labels.toJSON()),
    [{ __name__: 'http_requests_total', route: '/' }]
  )
})

test('where only tiers are stored, they answer all queries', async () => {
  await using only = await openStore({ ttl: '30d', tiers: TIERS })
  const rollup = (await recorded())[1]
  await only.h.exporter.export(rollup, signal())
  const short = seconds(HOUR_S, 2 * HOUR_S, 60)
  const { result } = await ask(only.store, 'sum by (route) (increase(http_requests_total[20m]))', short, true)
  assert.equal(flat(result, EPOCH).get(`${LABELS}@7200000`), sumBetween(6000, 7200))
  assert.match(result.infos.join(), /^intervals of 10m were used/)
  const now = await ask(
    only.store,
    'max_over_time(queue[20m])',
    seconds(HOURS * HOUR_S + 300, HOURS * HOUR_S + 300, 0),
    true
  )
  assert.equal(flat(now.result, EPOCH).size, 1)
  const changes = await ask(only.store, 'changes(queue[20m])', short, true)
  assert.notEqual(flat(changes.result, EPOCH).size, 0)
  const request = { sets: [matchers('__name__=http_requests_total')], start: EPOCH, end: Date.now(), limits: LIMITS }
  assert.equal((await only.store.series(request, signal())).length, 1)
  assert.ok((await only.store.names!({ ...request, sets: [] }, signal()))!.includes('http_requests_total'))
})

test('regression: increments under a name without a unit were found as their running sum too', async () => {
  await using only = await openStore({ ttl: '30d', tiers: TIERS })
  const metric = { name: 'signup', unit: '', description: '', kind: 'counter', temporality: 'delta' } as const
  const series = only.h.context.series.intern(metric, [['rollup', '10m']])
  const builder = new PointBlockBuilder()
  for (let i = 1; i <= 3; i++) builder.add(series, EPOCH + i * 600_000, i, EPOCH + (i - 1) * 600_000)
  await only.h.exporter.export(builder.build(), signal())
  for (const [query, want] of [
    ['sum_over_time(signup[1h])', 6],
    ['count_over_time(signup[1h])', 3],
    ['increase(signup[30m])', 6],
    ['increase(signup_total[30m])', 6]
  ] as const)
    for (const withGrid of [true, false]) {
      const { result } = await ask(only.store, query, seconds(1800, 1800, 0), withGrid)
      assert.deepEqual([...flat(result, EPOCH).values()], [want], `${query} ${withGrid}`)
    }
})
