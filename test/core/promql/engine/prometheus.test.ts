import assert from 'node:assert/strict'
import { test } from 'node:test'
import protobuf from 'protobufjs'
import { compressSync } from 'snappy'
import { Labels } from '../../../../core/promql/labels.ts'
import { MemoryStore } from '../../../../core/promql/memory-store.ts'
import { randomNumbers } from '../../../random-numbers.ts'
import { prometheusProgram, startPrometheus } from '../../../servers/prometheus.ts'
import { ask, labelsOf } from './ask.ts'

const program = await prometheusProgram()

const SECOND = 1000
/** Relative. Prometheus adds up some sums in another way than its version 3. */
const TOLERANCE = 1e-9
const { WriteRequest } = protobuf.parse(`
  syntax = "proto3";
  message Label { string name = 1; string value = 2; }
  message Sample { double value = 1; int64 timestamp = 2; }
  message TimeSeries { repeated Label labels = 1; repeated Sample samples = 2; }
  message WriteRequest { repeated TimeSeries timeseries = 1; }`).root.nested as Record<string, protobuf.Type>

const SAMPLES = 160
/** Far from 0: version 2 extrapolated in another way to where a counter was 0. */
const FIRST_COUNT = 1000
/** Of samples; queries look at other times, so that no sample lies at a bound: version 2 takes them in on both sides. */
const EVERY = 15 * SECOND
const END = Math.floor(Date.now() / 60_000) * 60_000
const START = END - SAMPLES * EVERY + 1234

const QUERIES = [
  ...['rate', 'increase', 'delta', 'irate', 'idelta', 'resets', 'changes', 'deriv'].map(f => `${f}(c_total[3m])`),
  ...['sum', 'avg', 'min', 'max', 'count', 'last', 'present', 'stddev', 'stdvar'].map(f => `${f}_over_time(g[2m])`),
  'predict_linear(g[5m], 600)',
  'quantile_over_time(0.7, g[4m])',
  'quantile_over_time(scalar(count(g)) / 10, g[4m])',
  'c_total',
  'c_total offset 3m',
  'c_total offset -2m',
  'rate(c_total[3m] offset 90s)',
  `g @ ${(END - 600 * SECOND) / SECOND}`,
  `rate(c_total[5m] @ ${(END - 300 * SECOND) / SECOND})`,
  'g @ start() + g @ end()',
  'max_over_time(rate(c_total[2m])[9m50s:1m])',
  'avg_over_time(sum by (job) (g)[4m50s:20s] offset 1m)',
  'count_over_time(c_total[9m50s:])',
  'sum(rate(c_total[3m]))',
  'sum by (job) (rate(c_total[3m]))',
  'sum without (instance) (c_total)',
  ...['avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'].map(f => `${f} by (job) (g)`),
  'quantile by (job) (0.3, g)',
  'topk(2, c_total)',
  'bottomk by (job) (1, c_total)',
  'count_values("v", round(g, 20))',
  ...['+', '-', '*', '/', '%', '^', '==', '!=', '>', '<', '>=', '<='].map(op => `g ${op} 3`),
  ...['-', '/', '%', '>', '<=', '> bool', '== bool'].map(op => `c_total ${op} on (job, instance) g`),
  '2 ^ g',
  // Version 2 kept the name of the metric.
  '-g atan2 3',
  '100 < c_total',
  '3 > bool g',
  '-g',
  'c_total * on (instance) group_left (version) build_info',
  'build_info * on (instance) group_right (version) c_total',
  'c_total / ignoring (instance) group_left sum without (instance) (c_total)',
  'g and on (instance) build_info',
  'g unless on (instance) build_info',
  'g > 50 or c_total',
  'g or on (job) c_total',
  'absent(nothing{a="1", b=~"2"})',
  'absent(g{instance="3"})',
  'absent_over_time(g{instance="3"}[1m])',
  ...['abs', 'ceil', 'exp', 'floor', 'ln', 'log2', 'log10', 'sqrt', 'sgn'].map(f => `${f}(g - 40)`),
  ...['sin', 'cos', 'tan', 'asin', 'acos', 'atan', 'sinh', 'cosh', 'tanh', 'asinh', 'acosh', 'atanh', 'deg', 'rad'].map(
    f => `${f}(g / 100)`
  ),
  ...['year', 'month', 'day_of_month', 'day_of_week', 'day_of_year', 'days_in_month', 'hour', 'minute'].map(
    f => `${f}((g < 200) * 1e7)`
  ),
  'minute()',
  'clamp(g, 20, 60)',
  'clamp_min(g, 50)',
  'clamp_max(g, scalar(avg(g)))',
  'round(g, 0.5)',
  'timestamp(g)',
  'timestamp(-g)',
  'time() - timestamp(c_total)',
  'scalar(g{job="a", instance="1"}) + 1',
  'vector(pi())',
  'histogram_quantile(0.9, rate(h_bucket[3m]))',
  'histogram_quantile(0.5, sum by (le) (rate(h_bucket[3m])))',
  'histogram_quantile(1, h_bucket)',
  'label_replace(g, "n", "<$1>", "instance", "([12])")',
  'label_join(g, "j", "-", "job", "instance")',
  'sum(rate(h_sum[3m])) / sum(rate(h_count[3m]))'
]

/** Counters with resets and gaps, gauges with values that are no numbers, a classic histogram, and info metrics. */
function writeSeries(store: MemoryStore): { labels: Labels; samples: [time: number, value: number][] }[] {
  const random = randomNumbers(42)
  const written = new Map<string, { labels: Labels; samples: [number, number][] }>()
  const put = (selector: string, i: number, value: number) => {
    const time = START + i * EVERY + Math.floor(random() * 3000)
    const labels = labelsOf(selector)
    const series = written.get(selector) ?? { labels, samples: [] }
    written.set(selector, series)
    series.samples.push([time, value])
    store.append(labels, time, value)
  }
  const counts = new Map<string, number>()
  const count = (selector: string, by: number) => {
    const value = (counts.get(selector) ?? FIRST_COUNT) + by
    counts.set(selector, value)
    return value
  }
  for (let i = 0; i < SAMPLES; i++) {
    for (const job of ['a', 'b']) {
      for (const instance of ['1', '2', '3']) {
        const where = `{job="${job}", instance="${instance}"}`
        // One starts late, one ends early, and one has a gap.
        const isAway =
          (instance === '3' && i < 40) ||
          (job === 'b' && instance === '1' && i > 100) ||
          (instance === '2' && i > 60 && i < 90)
        if (isAway) continue
        if (random() < 0.03) counts.set(`c${where}`, FIRST_COUNT / 2)
        put(`c_total${where}`, i, count(`c${where}`, random() * 10))
        const odd = random()
        put(`g${where}`, i, odd < 0.01 ? Number.NaN : odd < 0.02 ? Infinity : Math.round(random() * 1000) / 10)
      }
    }
    let below = 0
    for (const le of ['0.1', '0.5', '1', '5', '+Inf']) {
      below += random() * 3
      put(`h_bucket{le="${le}"}`, i, count(`h${le}`, below))
    }
    put('h_sum', i, count('hs', random()))
    put('h_count', i, counts.get('h+Inf')!)
    // A pause longer than the lookback is between the versions.
    const version = i < 70 ? 'x' : 'y'
    if (i < 70 || i > 92)
      for (const instance of ['1', '2'])
        put(`build_info{instance="${instance}", version="${version}${instance}"}`, i, 1)
  }
  return Array.from(written.values())
}

type Result = Map<string, Map<number, number>>

async function askPrometheus(
  url: string,
  query: string,
  range: { start: number; end: number; stepMs: number }
): Promise<Result> {
  const { start, end, stepMs } = range
  const search = new URLSearchParams({
    query,
    start: `${start / SECOND}`,
    end: `${end / SECOND}`,
    step: `${stepMs / SECOND}`
  })
  const answer = (await (await fetch(`${url}/api/v1/query_range?${search}`)).json()) as {
    error?: string
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] }
  }
  assert.equal(answer.error, undefined, query)
  return new Map(
    answer.data.result.map(({ metric, values }) => [
      String(Labels.of(Object.entries(metric))),
      new Map(values.map(([time, value]) => [Math.round(time * SECOND), Number(value.replace('Inf', 'Infinity'))]))
    ])
  )
}

async function askHere(
  store: MemoryStore,
  query: string,
  range: { start: number; end: number; stepMs: number }
): Promise<Result> {
  const { value } = await ask(query, store, range)
  assert.ok(value.type === 'matrix')
  return new Map(
    value.series.map(({ labels, times, values }) => [
      String(labels),
      new Map(Array.from(times, (time, i) => [time, values[i]!]))
    ])
  )
}

function isClose(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b), 1e-3)
}

test('queries have the results that Prometheus gives', { skip: program.skip }, async t => {
  const prometheus = await startPrometheus(program.path)
  t.after(() => prometheus.stop())
  const store = new MemoryStore()
  const timeseries = writeSeries(store).map(({ labels, samples }) => ({
    labels: labels.pairs.map(([name, value]) => ({ name, value })),
    samples: samples.map(([timestamp, value]) => ({ timestamp, value }))
  }))
  const written = await fetch(`${prometheus.url}/api/v1/write`, {
    method: 'POST',
    headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
    body: compressSync(Buffer.from(WriteRequest!.encode({ timeseries }).finish()))
  })
  assert.equal(written.status, 204, await written.text())
  const range = { start: END - SAMPLES * EVERY - 60 * SECOND, end: END + 120 * SECOND, stepMs: 20 * SECOND }
  for (const query of QUERIES) {
    const want = await askPrometheus(prometheus.url, query, range)
    const got = await askHere(store, query, range)
    assert.deepEqual(Array.from(got.keys()).sort(), Array.from(want.keys()).sort(), query)
    for (const [labels, values] of want) {
      const ours = got.get(labels)!
      assert.deepEqual(Array.from(ours.keys()), Array.from(values.keys()), `times of ${query} ${labels}`)
      for (const [time, value] of values)
        assert.ok(isClose(ours.get(time)!, value), `${query} ${labels} at ${time}: ${ours.get(time)}, not ${value}`)
    }
  }
})
