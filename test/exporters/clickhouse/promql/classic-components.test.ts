import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classicComponents } from '../../../../exporters/clickhouse/promql/classic-components.ts'
import type { Metric } from '../../../../sdk/plugin/index.ts'

const counter = (name: string, more: Partial<Metric> = {}): Metric => ({
  name,
  unit: '',
  description: '',
  kind: 'counter',
  temporality: 'cumulative',
  ...more
})

test('counters of a sum and a count are parts of a histogram or a summary', () => {
  const cases: [what: string, metrics: Metric[], want: string[]][] = [
    ['a histogram', ['h_bucket', 'h_sum', 'h_count'].map(name => counter(name)), ['h_bucket', 'h_sum', 'h_count']],
    ['a summary', [counter('s', { kind: 'gauge' }), counter('s_sum'), counter('s_count')], ['s_sum', 's_count']],
    ['a counter that is named so', [counter('request_count'), counter('other_sum')], []],
    ['a gauge and a counter', [counter('m_sum', { kind: 'gauge' }), counter('m_count')], []],
    ['counters with a unit', [counter('m_sum', { unit: 's' }), counter('m_count')], []],
    ['no name before it', [counter('_sum'), counter('_count')], []]
  ]
  for (const [what, metrics, want] of cases) assert.deepEqual([...classicComponents(metrics)], want, what)
})
