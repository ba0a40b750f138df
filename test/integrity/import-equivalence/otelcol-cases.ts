import type { EquivalenceCase } from './case.ts'
import { nextWindow, otlp } from './inputs.ts'
import type { Place } from './peers.ts'

const RESOURCE = [
  { key: 'service.name', value: { stringValue: 'shop' } },
  { key: 'service.instance.id', value: { stringValue: 'shop-1' } }
]
/** Series begin this long before their first point, and after the tools. */
const BEGAN_MS = 100
const nano = (ms: number) => `${ms}000000`

function point(value: number, attributes: Readonly<Record<string, string>>, startMs?: number): object {
  return {
    asDouble: value,
    timeUnixNano: nano(Date.now()),
    ...(startMs === undefined ? {} : { startTimeUnixNano: nano(startMs) }),
    attributes: Object.entries(attributes).map(([key, text]) => ({ key, value: { stringValue: text } }))
  }
}

const gauge = (name: string, ...dataPoints: readonly object[]) => ({ name, gauge: { dataPoints } })
const total = (name: string, ...dataPoints: readonly object[]) => ({
  name,
  sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints }
})

const collector =
  (processors: string, names: string) =>
  ({ port, target }: Place) =>
    `
receivers:
  otlp:
    protocols:
      http: { endpoint: "127.0.0.1:${port}" }
processors:
${processors}
exporters:
  prometheusremotewrite: { endpoint: "${target}" }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    metrics: { receivers: [otlp], processors: [${names}], exporters: [prometheusremotewrite] }
`

export const otelcolCases: readonly EquivalenceCase[] = [
  {
    name: 'metricstransform: renames, labels and values of labels',
    tool: 'otelcol',
    config: collector(
      `  metricstransform:
    transforms:
      - { include: system.load, action: update, new_name: node.load, operations: [{ action: add_label, new_label: source, new_value: agent }] }
      - { include: "^legacy_(.*)$", match_type: regexp, action: update, new_name: "modern_$\${1}" }
      - include: http.requests
        action: update
        operations:
          - { action: update_label, label: verb, new_label: method, value_actions: [{ value: get, new_value: GET }] }
          - { action: delete_label_value, label: path, label_value: /healthz }
  batch:
    timeout: 200ms`,
      'metricstransform, batch'
    ),
    async send(ports) {
      const start = Date.now() - BEGAN_MS
      for (const value of [1, 2.5]) {
        await nextWindow()
        await otlp(
          ports,
          [
            gauge('system.load', point(value, { cpu: '0' }), point(value * 2, { cpu: '1' })),
            gauge('legacy_queue', point(value + 7, {})),
            total(
              'http.requests',
              point(value * 10, { verb: 'get', path: '/cart' }, start),
              point(value * 20, { verb: 'post', path: '/cart' }, start),
              point(value * 30, { verb: 'get', path: '/healthz' }, start)
            )
          ],
          RESOURCE
        )
      }
    },
    expected: { compare: () => 'windows' }
  },
  {
    name: 'interval: the last gauge and total of each interval',
    tool: 'otelcol',
    config: collector('  interval: { interval: 2s }', 'interval'),
    async send(ports) {
      await nextWindow()
      const start = Date.now() - BEGAN_MS
      for (const value of [4, 9, 15]) {
        await otlp(
          ports,
          [gauge('temperature', point(value, {})), total('jobs', point(value, { queue: 'a' }, start))],
          RESOURCE
        )
        await otlp(
          ports,
          [gauge('temperature', point(value + 1, {})), total('jobs', point(value + 3, { queue: 'a' }, start))],
          RESOURCE
        )
        await nextWindow()
      }
    },
    expected: { compare: series => (series.startsWith('jobs') ? 'last' : 'windows') }
  },
  {
    name: 'metricstransform: totals of an aggregated label',
    tool: 'otelcol',
    config: collector(
      `  metricstransform:
    transforms:
      - { include: http.requests, action: update, operations: [{ action: aggregate_labels, label_set: [route], aggregation_type: sum }] }`,
      'metricstransform'
    ),
    async send(ports) {
      await nextWindow()
      const start = Date.now() - BEGAN_MS
      for (const value of [3, 8]) {
        const routes = ['/a', '/a', '/b'].map((route, i) => point(value + i, { route, pod: `p${i}` }, start))
        await otlp(ports, [total('http.requests', ...routes)], RESOURCE)
        await nextWindow()
      }
    },
    expected: { compare: () => 'last' }
  }
]
