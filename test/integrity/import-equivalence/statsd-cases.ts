import type { EquivalenceCase } from './case.ts'
import { nextWindow, statsd } from './inputs.ts'

const times = Array.from({ length: 50 }, (_, i) => `render:${10 + 3 * i}|ms`)
/** Series that the importer has a comment on: rates, parts of percentiles, the server's own metrics. */
const WITHOUT_TWIN = /^stats_counters_\w+_rate\{|_(std|sum_squares|count_ps|(mean|sum|count|sum_squares)_90)\{|statsd/

export const statsdCases: readonly EquivalenceCase[] = [
  {
    name: 'counters with rates, timers, gauges and sets, as Graphite gets them',
    tool: 'statsd',
    config: ({ port, target }) => {
      const [host, graphitePort] = target
        .replace(/^https?:\/\//, '')
        .replace(/\/.*$/, '')
        .split(':')
      return `{ port: ${port}, address: '127.0.0.1', graphiteHost: '${host}', graphitePort: ${graphitePort}, flushInterval: 2000,
  graphite: { legacyNamespace: false }, percentThreshold: [ 90 ], deleteIdleStats: true, deleteGauges: true }`
    },
    async send(ports) {
      for (const _ of [1, 2]) {
        await nextWindow()
        await statsd(ports, [
          'orders:3|c',
          'orders:1|c|@0.5',
          'logins:7|c',
          'users:anna|s',
          'users:bob|s',
          'users:anna|s'
        ])
        await statsd(ports, [...times, 'depth:12|g', 'depth:+3|g', 'tagged;zone=eu:5|c'])
      }
    },
    expected: {
      withoutTwin: WITHOUT_TWIN,
      // Its windows begin when it starts.
      compare: series => (/_count\{|_sum\{/.test(series) && !series.includes('sets') ? 'sum' : 'windows'),
      tolerance: series => (/median|upper_90/.test(series) ? 0.03 : 1e-12),
      renamed: series =>
        series.replace(/_median\{/, '_quantiles{quantile="0.5"').replace(/_upper_90\{/, '_quantiles{quantile="0.9"')
    }
  }
]
