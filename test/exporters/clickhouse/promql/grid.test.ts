import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { FLAG_NO_RECORDED_VALUE } from '../../../../core/model/points.ts'
import type { EvaluationRange, QueryResult } from '../../../../core/promql/engine/evaluate.ts'
import { type Metric, PointBlockBuilder } from '../../../../sdk/plugin/index.ts'
import { randomNumbers } from '../../../random-numbers.ts'
import { signal } from '../harness.ts'
import { T } from '../samples.ts'
import { ask, flat } from './store-evaluation.ts'
import { openStore, type StoreHarness } from './store-harness.ts'

const SERIES = 12
const SAMPLES = 120
const TOLERANCE = 1e-9

let s: StoreHarness
before(async () => {
  s = await openStore()
  // Several parts, with rows that replace others.
  await s.h.exporter.export(randomPoints(1, 0, SAMPLES), signal())
  await s.h.exporter.export(randomPoints(2, SAMPLES / 2, 10), signal())
  await s.h.exporter.export(oddPoints(), signal())
  await s.h.exporter.export(histograms(), signal())
  await s.h.exporter.export(sparsePoints(), signal())
})
after(() => s?.[Symbol.asyncDispose]())

const COUNTER: Metric = { name: 'c', unit: '', description: '', kind: 'counter', temporality: 'cumulative' }
const GAUGE: Metric = { name: 'g', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }

/** Counters with resets and gauges, with gaps, ends, and times between whole ms. */
function randomPoints(seed: number, from: number, count: number) {
  const random = randomNumbers(seed)
  const builder = new PointBlockBuilder()
  for (let n = 0; n < SERIES; n++) {
    const attributes = [
      ['mod', `${n % 3}`],
      ['n', `${n}`]
    ] as const
    const [counter, gauge] = [COUNTER, GAUGE].map(metric => s.h.context.series.intern(metric, attributes))
    let value = 0
    for (let i = from; i < from + count; i++) {
      const time = T + i * 10_000 + (n % 2) * 0.25 + (n % 4) * 100
      value = random() < 0.05 ? random() * 10 : value + random() * 100
      const fate = random()
      if (fate < 0.1) continue
      const flags = fate < 0.13 ? FLAG_NO_RECORDED_VALUE : 0
      builder.add(counter, time, value, T, flags)
      builder.add(gauge, time, (random() - 0.5) * 1e6, 0, flags)
    }
  }
  return builder.build()
}

/** A value that is no number, and two stored series that are one to Prometheus. */
function oddPoints() {
  const builder = new PointBlockBuilder()
  const { series } = s.h.context
  const odd = series.intern({ ...GAUGE, name: 'odd' }, [])
  const hosts = ['a', 'b'].map(host =>
    series.intern({ ...COUNTER, name: 'moved' }, [['n', '1']], { attributes: [['host.name', host]], schemaUrl: '' })
  )
  for (let i = 0; i < 60; i++) {
    builder.add(odd, T + i * 10_000, i === 30 ? Number.NaN : i)
    builder.add(hosts[i < 30 ? 0 : 1], T + i * 10_000, i * i, T)
    builder.add(
      series.intern({ ...GAUGE, name: 'extreme' }, [['n', `${i % 3}`]]),
      T + i * 10_000,
      [1, 1e17, -1e17][i % 3]
    )
    builder.add(
      series.intern({ ...GAUGE, name: 'endless' }, [['n', `${i % 3}`]]),
      T + i * 10_000,
      [1, Infinity, 2][i % 3]
    )
  }
  return builder.build()
}

const SPARSE = 1000

/** Mostly zeros, which ClickHouse stores in another way. */
function sparsePoints() {
  const builder = new PointBlockBuilder()
  const [values, ends] = ['sparse', 'ending'].map(name => s.h.context.series.intern({ ...GAUGE, name }, []))
  for (let i = 0; i < SPARSE; i++) {
    builder.add(values, T + i * 1000, i % 50 === 7 ? i : 0)
    builder.add(ends, T + i * 1000, i + 1, 0, i % 50 === 7 ? FLAG_NO_RECORDED_VALUE : 0)
  }
  return builder.build()
}

/** Cumulative histograms that begin anew, whose bounds change, with and without a last bound of infinity. */
function histograms() {
  const random = randomNumbers(3)
  const builder = new PointBlockBuilder()
  for (let n = 0; n < 4; n++) {
    const metric = { ...COUNTER, name: 'h', kind: 'histogram' } as const
    const series = s.h.context.series.intern(metric, [
      ['mod', `${n % 2}`],
      ['n', `${n}`]
    ])
    let counts = [0, 0, 0, 0]
    for (let i = 0; i < 60; i++) {
      counts = counts.map(count => (i === 25 ? 0 : count) + Math.floor(random() * 10))
      const count = counts.reduce((sum, own) => sum + own, 0)
      const bounds = [1, i < 40 ? 2 : 2.5, n === 0 ? Number.POSITIVE_INFINITY : 4]
      const shape = {
        kind: 'histogram',
        count,
        sum: count * 2,
        min: Number.NaN,
        max: Number.NaN,
        bounds,
        counts
      } as const
      if (i === 50) builder.add(series, T + i * 10_000, 0, 0, FLAG_NO_RECORDED_VALUE)
      else builder.addDistribution(series, T + i * 10_000, shape, T)
    }
  }
  return builder.build()
}

function assertClose(query: string, got: QueryResult, want: QueryResult): void {
  const [a, b] = [flat(got, T), flat(want, T)]
  assert.notEqual(b.size, 0, query)
  assert.deepEqual([...a.keys()].sort(), [...b.keys()].sort(), query)
  for (const [key, value] of b) {
    const other = a.get(key)!
    if (Object.is(value, other)) continue
    assert.ok(
      Math.abs(other - value) <= TOLERANCE * Math.max(1, Math.abs(value)),
      `${query} ${key}: ${other}, not ${value}`
    )
  }
}

const RANGES: readonly EvaluationRange[] = [
  { start: T, end: T + 1_200_000, stepMs: 15_000 },
  { start: T + 123, end: T + 1_000_000, stepMs: 62_500 },
  { start: T + 600_001, end: T + 600_001, stepMs: 0 }
]
const FUNCTIONS = ['rate', 'increase', 'irate', 'resets', 'changes', 'last_over_time', 'delta', 'idelta']

const WINDOW_FUNCTIONS = ['sum', 'avg', 'count', 'present', 'min', 'max'].map(name => `${name}_over_time`)

const QUERIES = [
  ...WINDOW_FUNCTIONS.flatMap(func => [`${func}(g[2m])`, `${func}(g[35s])`]),
  'sum by (mod) (sum_over_time(g[2m]))',
  'sum by (mod) (count_over_time(g[45s]))',
  'min by (mod) (min_over_time(g[2m]))',
  'max(max_over_time(g[2m]))',
  ...['sum', 'avg', 'min', 'max', 'quantile'].flatMap(op =>
    ['sum', 'avg', 'count', 'min', 'max'].map(
      func => `${op} by (mod) (${op === 'quantile' ? '0.7, ' : ''}${func}_over_time(g[1m]))`
    )
  ),
  'quantile(0, avg_over_time(g[15s]))',
  'quantile(1, avg_over_time(g[15s]))',
  'quantile(0.3, avg_over_time(moved_total[1m]))',
  'quantile by (mod) (0.5, c_total)',
  'quantile by (mod) (0.9, rate(c_total[1m]))',
  'quantile(0.25, g)',
  'sum_over_time(endless[1m])',
  'sum(sum_over_time(moved_total[1m]))',
  'avg_over_time(moved_total[1m])',
  'sparse',
  'ending',
  'delta(sparse[10s])',
  'last_over_time(sparse[10s])',
  'max_over_time(sparse[10s])',
  'rate(h_bucket[1m])',
  'sum by (le) (rate(h_bucket[1m]))',
  'histogram_quantile(0.9, sum by (mod, le) (increase(h_bucket[1m])))',
  'sum without (n) (sum_over_time(h_bucket{le!="2"}[1m]))',
  'last_over_time(h_bucket{le="+Inf"}[1m])',
  'sum(rate(h_count[1m])) / sum(rate(h_sum[1m]))',
  ...FUNCTIONS.flatMap(func => [`${func}(c_total[2m])`, `${func}(g[35s])`]),
  'c_total',
  'g{mod="1"}',
  'g offset 1m',
  'sum by (mod) (rate(c_total[1m]))',
  'sum without (n) (c_total)',
  'avg by (mod) (g)',
  'min by (mod) (rate(c_total[40s]))',
  'max by (mod) (last_over_time(g[20s]))',
  'count by (mod) (irate(c_total[1m]))',
  'group(c_total)',
  'sum(rate(moved_total[1m]))',
  'rate(moved_total[1m])',
  'moved_total',
  'sum(extreme)',
  'avg(extreme)',
  'sum by (nothing) (endless)',
  'sum(rate(c_total{n=~"1|2"}[1m:20s]))'
]

for (const query of QUERIES)
  test(`ClickHouse computes what the engine does: ${query}`, async () => {
    for (const range of RANGES) {
      const [grid, plain] = [await ask(s.store, query, range, true), await ask(s.store, query, range, false)]
      assert.equal(grid.computed > 0, true, `${query} was not computed by ClickHouse`)
      assertClose(query, grid.result, plain.result)
    }
  })

const LEFT_TO_THE_ENGINE = [
  'rate(odd[1m])',
  'odd',
  'quantile by (mod) (1.5, c_total)',
  'quantile by (mod) (scalar(g{n="1"}), c_total)',
  'quantile(0.5, endless)',
  'quantile(0.5, avg_over_time(endless[1m]))',
  'quantile(0.5, avg_over_time(odd[1m]))',
  'avg by (mod) (avg_over_time(g[50s]))',
  'sum(stddev_over_time(g[1m]))',
  'avg by (mod) (max_over_time(odd[1m]))',
  'sum(rate(h_bucket{le="2"}[1m]))',
  'h_bucket',
  'sum(rate(h[1m]))',
  'max by (mod) (count_over_time(g[1m]))',
  'rate({__name__=~"c_total|moved_total"}[1m])'
]

for (const query of LEFT_TO_THE_ENGINE)
  test(`the result is the engine's if ClickHouse computes otherwise: ${query}`, async () => {
    const [grid, plain] = [await ask(s.store, query, RANGES[0], true), await ask(s.store, query, RANGES[0], false)]
    assertClose(query, grid.result, plain.result)
  })
