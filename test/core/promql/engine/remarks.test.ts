import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryRemarks } from '../../../../core/promql/engine/remarks.ts'
import { ask, storeOf } from './ask.ts'

test('remarks name the line and column, each once', async () => {
  const store = storeOf({ gauge: [1, 2, 3] })
  const { infos } = await ask('1 +\n  (rate(gauge[5m]) + rate(gauge[5m]))', store, 120_000)
  const text = 'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "gauge"'
  assert.deepEqual(infos, [`${text} (2:9)`, `${text} (2:27)`])
})

test('warnings of queries', async () => {
  const store = storeOf({ 'm{le="x"}': [1, 2, 3], n: [4, 5, 6] })
  const range = { start: 0, end: 120_000, stepMs: 60_000 }
  const cases: [query: string, want: string[]][] = [
    ['quantile(2, m)', ['PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)']],
    ['quantile_over_time(-1, m[5m])', ['PromQL warning: quantile value should be between 0 and 1, got -1 (1:20)']],
    ['quantile(1, m)', []],
    [
      'histogram_quantile(0.5, m)',
      ['PromQL warning: bucket label "le" is missing or has a malformed value of "x" for metric name "m" (1:25)']
    ],
    [
      'sort(m)',
      ['PromQL warning: sort is ineffective for range queries since results are always ordered by labels (1:1)']
    ],
    ['limit_ratio(3, m)', ['PromQL warning: ratio value should be between -1 and 1, got 3, capping to 1 (1:13)']]
  ]
  for (const [query, want] of cases) assert.deepEqual((await ask(query, store, range)).warnings, want, query)
})

test('corrected buckets of one place are one info', () => {
  const remarks = new QueryRemarks('query')
  const span = { from: 0, to: 5 }
  remarks.fixedMonotonicity(span, 'm', 2000, { fromBound: 1, toBound: 5, mostDifference: 0.5 })
  remarks.fixedMonotonicity(span, 'm', 1000, { fromBound: 2, toBound: Infinity, mostDifference: 2.123 })
  assert.deepEqual(remarks.infos, [
    'PromQL info: input to histogram_quantile needed to be fixed for monotonicity ' +
      '(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile) for metric name "m", ' +
      'from buckets 1 to +Inf, with a max diff of 2.1, over 2 samples from 1970-01-01T00:00:01Z to 1970-01-01T00:00:02Z (1:1)'
  ])
})

test('the remarks of one query are bounded, however many metrics it has', async () => {
  const names = Array.from({ length: 300 }, (_, i) => `gauge${i}{i="${i}"}`)
  const store = storeOf(Object.fromEntries(names.map(name => [name, [1, 2, 3]])))
  const { infos } = await ask('sum(rate({__name__=~"gauge.*"}[5m]))', store, 120_000)
  assert.equal(infos.length, 100)
})
