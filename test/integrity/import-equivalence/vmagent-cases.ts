import type { EquivalenceCase } from './case.ts'
import { nextWindow, remoteWrite } from './inputs.ts'

const sensor = (site: string, id: string, value: number, job = 'sensors') => ({
  labels: { __name__: 'temperature_celsius', site, sensor: id, job },
  value
})
const requests = (pod: string, path: string, value: number) => ({
  labels: { __name__: 'http_requests_total', pod, path, job: 'shop', instance: `${pod}:80` },
  value
})

export const vmagentCases: readonly EquivalenceCase[] = [
  {
    name: 'gauges by site: min, max, avg, last, stddev, count_samples and quantiles',
    tool: 'vmagent',
    config: () => `
- match: temperature_celsius
  interval: 2s
  by: [site, job]
  outputs: [min, max, avg, last, stddev, count_samples, "quantiles(0.5, 0.9)"]
`,
    async send(ports) {
      for (const shift of [0, 10]) {
        await nextWindow()
        const values = Array.from({ length: 40 }, (_, i) =>
          sensor(i % 2 === 0 ? 'a' : 'b', `s${i % 8}`, 15 + shift + i / 4)
        )
        await remoteWrite(ports, values)
      }
    },
    expected: {
      compare: () => 'windows',
      // A quantile here is of buckets, there of a sample's neighbours.
      tolerance: series => (series.includes('quantile') ? 0.03 : 1e-12)
    }
  },
  {
    name: 'counters without pods: increase_prometheus and total_prometheus, with a restart',
    tool: 'vmagent',
    config: () => `
- match: '{__name__=~"http_requests_total",path!~"/internal/.*"}'
  interval: 2s
  without: [pod, instance]
  outputs: [increase_prometheus, total_prometheus]
`,
    async send(ports) {
      for (const [a, b] of [
        [100, 7],
        [112, 8],
        [130, 3],
        [131, 23]
      ]) {
        await nextWindow()
        await remoteWrite(ports, [
          requests('pod-1', '/cart', a),
          requests('pod-2', '/cart', b),
          requests('pod-1', '/pay', a * 2)
        ])
      }
    },
    expected: { compare: series => (series.includes('_total_prometheus') ? 'last' : 'windows') }
  },
  {
    name: 'relabelling of input and output, dropped labels, and names that are kept',
    tool: 'vmagent',
    config: () => `
- match: '{__name__="queue_lag",topic=~"orders.*|returns"}'
  interval: 2s
  by: [topic]
  input_relabel_configs:
    - { source_labels: [topic], regex: "(.+)-dlq", target_label: topic, replacement: "$1" }
  outputs: [max]
  output_relabel_configs:
    - { target_label: tier, replacement: "stream" }
- match: temperature_celsius
  interval: 2s
  drop_input_labels: [sensor]
  keep_metric_names: true
  outputs: [max]
`,
    async send(ports) {
      const lag = (topic: string, partition: string, value: number) => ({
        labels: { __name__: 'queue_lag', topic, partition },
        value
      })
      for (const value of [5, 9]) {
        await nextWindow()
        await remoteWrite(ports, [
          lag('orders', '0', value),
          lag('orders-dlq', '1', value * 3),
          lag('returns', '0', value + 1),
          sensor('a', 's1', value),
          sensor('a', 's2', value + 0.5)
        ])
      }
    },
    expected: { compare: () => 'windows' }
  },
  {
    name: 'selectors that only exclude, and several values of a label',
    tool: 'vmagent',
    config: () => `
- match: '{__name__!~".+_total",site!="c",site!~"d|e.*"}'
  interval: 2s
  without: [sensor]
  outputs: [max, count_samples]
`,
    async send(ports) {
      for (const shift of [0, 10]) {
        await nextWindow()
        await remoteWrite(
          ports,
          ['a', 'b', 'c', 'd', 'east'].flatMap((site, i) => [
            sensor(site, 's1', i + shift),
            sensor(site, 's2', 2 * i + shift),
            requests(`pod-${site}`, '/cart', i + shift + 1)
          ])
        )
      }
    },
    expected: { compare: series => (series.includes(':2s_') ? 'windows' : 'last') }
  }
]
