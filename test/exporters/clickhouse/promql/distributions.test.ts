import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FLAG_NO_RECORDED_VALUE } from '../../../../core/model/points.ts'
import { CUSTOM_BUCKETS, type FloatHistogram } from '../../../../core/promql/histogram/float-histogram.ts'
import {
  type Distribution,
  type ExponentialHistogram,
  type Metric,
  PointBlockBuilder
} from '../../../../sdk/plugin/index.ts'
import { signal } from '../harness.ts'
import { T } from '../samples.ts'
import { LIMITS, matchers, openStore, type StoreHarness, shown } from './store-harness.ts'

const RANGE = { after: T - 1, until: T + 20_000 }

let s: StoreHarness
before(async () => {
  s = await openStore()
  await s.h.exporter.export(distributions(), signal())
})
after(() => s?.[Symbol.asyncDispose]())

const EXPONENTIAL: ExponentialHistogram = {
  kind: 'exponential_histogram',
  count: 4,
  sum: 9,
  min: 1,
  max: 4,
  scale: 0,
  zeroCount: 1,
  zeroThreshold: 0,
  positive: { offset: 0, counts: [2, 1] },
  negative: { offset: 0, counts: [] }
}
const FINER = { ...EXPONENTIAL, scale: 10, positive: { offset: -1, counts: [1, 2] } }
const COARSER = { ...EXPONENTIAL, scale: -6, zeroCount: 0, positive: { offset: -1, counts: [1, 3] } }
/** Its bucket (4, 8] is beyond those of the other, and its bucket (1, 4] has a bound of the other inside. */
const WIDER = { ...EXPONENTIAL, scale: -1, count: 6, positive: { offset: 0, counts: [3, 2] } }

function distributions() {
  const builder = new PointBlockBuilder()
  const add = (name: string, kind: Metric['kind'], points: readonly Distribution[], temporality = 'cumulative') => {
    const metric = { name, unit: 's', description: '', kind, temporality } as Metric
    const series = s.h.context.series.intern(metric, [['route', '/']])
    for (const [i, point] of points.entries()) builder.addDistribution(series, T + i * 10_000, point, T)
    return series
  }
  const totals = { kind: 'histogram', count: 6, sum: 10.5, min: 0.5, max: 4 } as const
  const explicit = add('rpc.duration', 'histogram', [{ ...totals, bounds: [0.5, 2], counts: [3, 2, 1] }])
  builder.add(explicit, T + 10_000, 0, 0, FLAG_NO_RECORDED_VALUE)
  add('rpc.total', 'histogram', [{ ...totals, sum: Number.NaN, bounds: [], counts: [] }], 'delta')
  add('rpc.exp', 'exponential_histogram', [EXPONENTIAL, WIDER])
  add('rpc.fine', 'exponential_histogram', [FINER])
  add('rpc.coarse', 'exponential_histogram', [COARSER])
  const summary = { kind: 'summary', count: 9, sum: 12, quantiles: [{ quantile: 0.5, value: 1.25 }] } as const
  add('rpc.summary', 'summary', [summary])
  const set = add('users', 'set', [{ kind: 'set', members: ['ann', 'bob'] }], 'delta')
  builder.add(set, T + 10_000, 0, 0, FLAG_NO_RECORDED_VALUE)
  return builder.build()
}

const cases: [name: string, matchers: string[], want: Record<string, string>][] = [
  [
    'buckets of explicit bounds end with their series',
    ['__name__=rpc_duration_seconds_bucket'],
    {
      '__name__=rpc_duration_seconds_bucket le=+Inf route=/': '6@0 stale@10',
      '__name__=rpc_duration_seconds_bucket le=0.5 route=/': '3@0 stale@10',
      '__name__=rpc_duration_seconds_bucket le=2 route=/': '5@0 stale@10'
    }
  ],
  [
    'one bucket',
    ['__name__=rpc_duration_seconds_bucket', 'le=2', 'route=/'],
    { '__name__=rpc_duration_seconds_bucket le=2 route=/': '5@0 stale@10' }
  ],
  ['no bucket', ['__name__=rpc_duration_seconds_bucket', 'le=3'], {}],
  [
    'sum and count',
    ['__name__=~rpc_duration_seconds_(sum|count)'],
    {
      '__name__=rpc_duration_seconds_count route=/': '6@0 stale@10',
      '__name__=rpc_duration_seconds_sum route=/': '10.5@0 stale@10'
    }
  ],
  [
    'explicit bounds by the name alone',
    ['__name__=rpc_duration_seconds'],
    { '__name__=rpc_duration_seconds route=/': 'h6/10.5@0 stale@10' }
  ],
  ["by OpenTelemetry's name", ['__name__=rpc.exp'], { '__name__=rpc_exp_seconds route=/': 'h4/9@0 h6/9@10' }],
  ['an unknown sum is no sample', ['__name__=rpc_total_seconds_sum'], {}],
  [
    'a histogram without buckets has the total; a selector that names no metric does not find it twice',
    ['__name__=~rpc_total_seconds.*'],
    {
      '__name__=rpc_total_seconds_bucket le=+Inf route=/': '6@0',
      '__name__=rpc_total_seconds_count route=/': '6@0'
    }
  ],
  [
    'exponential buckets have the bounds of all points, but those inside a coarser bucket',
    ['__name__=rpc_exp_seconds_bucket'],
    {
      '__name__=rpc_exp_seconds_bucket le=+Inf route=/': '4@0 6@10',
      '__name__=rpc_exp_seconds_bucket le=0 route=/': '1@0 1@10',
      '__name__=rpc_exp_seconds_bucket le=1 route=/': '1@0 1@10',
      '__name__=rpc_exp_seconds_bucket le=16 route=/': '4@0 6@10',
      '__name__=rpc_exp_seconds_bucket le=2 route=/': '3@0',
      '__name__=rpc_exp_seconds_bucket le=4 route=/': '4@0 4@10'
    }
  ],
  [
    'a summary',
    ['__name__=~rpc_summary_seconds.*'],
    {
      '__name__=rpc_summary_seconds quantile=0.5 route=/': '1.25@0',
      '__name__=rpc_summary_seconds_count route=/': '9@0',
      '__name__=rpc_summary_seconds_sum route=/': '12@0'
    }
  ],
  ['a set is its number of members', ['__name__=users_seconds'], { '__name__=users_seconds route=/': '2@0 stale@10' }]
]

for (const [name, texts, want] of cases)
  test(`select: ${name}`, async () => {
    assert.deepEqual(shown(await s.select(matchers(...texts), RANGE), T), want)
  })

test('series of buckets and quantiles are named with their bounds and quantiles', async () => {
  const named = async (...texts: string[]) => {
    const request = { sets: [matchers(...texts)], start: T - 3_600_000, end: T + 3_600_000, limits: LIMITS }
    const found = await s.store.series(request, signal())
    return found.map(({ pairs }) => pairs.map(pair => pair.join('=')).join(' ')).sort()
  }
  const bucket = (le: string) => `__name__=rpc_duration_seconds_bucket le=${le} route=/`
  assert.deepEqual(await named('__name__=rpc_duration_seconds_bucket'), ['+Inf', '0.5', '2'].map(bucket))
  assert.deepEqual(await named('__name__=rpc_duration_seconds_bucket', 'le=2'), [bucket('2')])
  assert.deepEqual(await named('__name__=rpc_summary_seconds'), ['__name__=rpc_summary_seconds quantile=0.5 route=/'])
  assert.deepEqual(await named('__name__=rpc_exp_seconds'), ['__name__=rpc_exp_seconds route=/'])
})

async function histogramOf(name: string): Promise<FloatHistogram> {
  const [{ histograms }] = await s.select(matchers(`__name__=${name}`), RANGE)
  return histograms![0]!
}

test('explicit bounds are custom buckets', async () => {
  const { schema, counterReset, positive, customBounds } = await histogramOf('rpc_duration_seconds')
  assert.deepEqual([schema, counterReset, [...customBounds]], [CUSTOM_BUCKETS, 'unknown', [0.5, 2]])
  assert.deepEqual(positive, { offset: 0, counts: Float64Array.of(3, 2, 1) })
  const total = await histogramOf('rpc_total_seconds')
  assert.deepEqual([[...total.positive.counts], total.counterReset], [[6], 'gauge'])
})

test('exponential buckets are one further, and never finer or coarser than the schemas of Prometheus', async () => {
  const { schema, zeroCount, positive } = await histogramOf('rpc_exp_seconds')
  assert.deepEqual([schema, zeroCount, positive], [0, 1, { offset: 1, counts: Float64Array.of(2, 1) }])
  const fine = await histogramOf('rpc_fine_seconds')
  assert.deepEqual([fine.schema, fine.positive], [8, { offset: 0, counts: Float64Array.of(1, 2) }])
  const coarse = await histogramOf('rpc_coarse_seconds')
  assert.deepEqual([coarse.schema, coarse.positive], [-4, { offset: 0, counts: Float64Array.of(1, 0, 0, 0, 3) }])
})
