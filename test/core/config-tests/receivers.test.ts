import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtIns } from '../../../built-ins.ts'
import { Registry } from '../../../core/plugin/registry.ts'
import { runFiles } from './run-files.ts'

const METRICS = `{ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: hits, sum: { aggregationTemporality: 1, isMonotonic: true, dataPoints: [{ asInt: 7, timeUnixNano: "\${ns:-1s}" }] } }] }] }] }`
const LOGS = `{ resourceLogs: [{ scopeLogs: [{ logRecords: [{ eventName: hit, timeUnixNano: "\${ns:-1s}" }] }] }] }`
const HITS = `points: [{ metric: hits, time: -1s, value: 7, kind: counter }]`
const HIT = `events: [{ name: hit, time: -1s }]`
const KAFKA = 'brokers: ["127.0.0.1:1"], topic: t, group: g, partition_label: ""'

/** By the type of the receiver: its options, an input, and what the exporter gets. */
const INPUTS: readonly [type: string, options: string, input: string, expected: string][] = [
  ['otlp', '', `{ metrics: ${METRICS} }`, HITS],
  ['otlp', '', `{ logs: ${LOGS} }`, HIT],
  ['statsd', '', `{ lines: ["hits:7|c|T1767225599"] }`, HITS],
  ['statsd', '', `{ lines: ["_e{3,0}:hit||d:1767225599"] }`, HIT],
  ['http', '', `{ events: { name: hit, timestamp: "\${ms:-1s}" } }`, HIT],
  ['http', '', `{ events: [{ name: hit, timestamp: "\${iso:-1s}" }] }`, HIT],
  ['http', '', `{ lines: ['{"name":"hit","timestamp":\${ms:-1s}}'] }`, HIT],
  [
    'http',
    '{ format: cloudevents }',
    `{ events: { specversion: "1.0", id: a, source: b, type: hit, time: "\${iso:-1s}" } }`,
    `events: [{ name: hit, id: "b#a", time: -1s, attributes: { source: b } }]`
  ],
  [
    'prometheus_remote_write',
    '{ endpoint: 127.0.0.1:1 }',
    `{ series: [{ series: 'hits{job="a"}', values: '1 _ 3+2x1 stale' }], time: "\${ms:-1m}", interval: 20s }`,
    `points: [${[
      '{ metric: hits, time: -1m, value: 1, attributes: { service.name: a } }',
      '{ metric: hits, time: -20s, value: 3, attributes: { service.name: a } }',
      '{ metric: hits, time: 0s, value: 5, attributes: { service.name: a } }',
      '{ metric: hits, time: 20s, ended: true, attributes: { service.name: a } }'
    ].join()}]`
  ],
  [
    'prometheus',
    '{ scrape_configs: [{ job_name: a, static_configs: [{ targets: ["h:1"], labels: { env: prod } }] }] }',
    `{ job: a, target: "h:1", text: "# TYPE hits counter\\nhits{route=\\"/\\"} 7\\n" }`,
    `where: { metric: hits }, points: [{ metric: hits, time: 0s, value: 7, kind: counter, attributes: { route: /, env: prod, service.name: a, service.instance.id: "h:1" } }]`
  ],
  ['kafka', `{ ${KAFKA} }`, `{ metrics: ${METRICS} }`, HITS],
  ['kafka', `{ ${KAFKA}, signal: logs }`, `{ logs: ${LOGS} }`, HIT],
  ['kafka', `{ ${KAFKA}, encoding: weir }`, `{ metrics: ${METRICS} }`, HITS],
  ['kafka', `{ ${KAFKA}, encoding: weir }`, `{ logs: ${LOGS} }`, HIT],
  ['kafka', `{ ${KAFKA}, encoding: json }`, `{ events: [{ name: hit, timestamp: "\${ms:-1s}" }] }`, HIT],
  ['kafka', `{ ${KAFKA}, encoding: json }`, `{ text: '{"name":"hit","timestamp":\${ms:-1s}}' }`, HIT]
]

const fileOf = (type: string, options: string) => `
receivers: { ${type}: ${options} }
exporters: { debug: }
service:
  pipelines:
    points: { receivers: [${type}], items: [points], exporters: [debug] }
    events: { receivers: [${type}], items: [events], exporters: [debug] }
`
/** Receivers of one type may not be told apart by `items`. */
const fileOfOne = (type: string, options: string) =>
  fileOf(type, options)
    .replace(/ {4}events: .*\n/, '')
    .replace(' items: [points],', '')

for (const [i, [type, options, input, expected]] of INPUTS.entries())
  test(`input ${i} is read as receiver ${type} reads it`, async t => {
    const tests = `
config: weir.yaml
tests:
  - name: input
    steps:
      - send: { ${type}: ${input} }
      - at: 20ms
        expect:
          exporters: { debug: { ${expected} } }
`
    const isOfBoth = ['otlp', 'statsd', 'prometheus_remote_write'].includes(type)
    const files = { 'weir.yaml': (isOfBoth ? fileOf : fileOfOne)(type, options) }
    assert.deepEqual((await runFiles(t, tests, files)).err, '')
  })

test('all receivers but that of rules, which asks a store, can be fed', async () => {
  const registry = new Registry(builtIns)
  const types = Object.keys(builtIns.receiver)
  const plugins = await Promise.all(types.map(type => registry.find('receiver', type)))
  const fed = plugins.filter(plugin => plugin?.kind === 'receiver' && plugin.feeding !== undefined)
  assert.deepEqual(
    fed.map(plugin => plugin!.type),
    types.filter(type => type !== 'rules')
  )
  assert.deepEqual(new Set(INPUTS.map(([type]) => type)), new Set(fed.map(plugin => plugin!.type)))
})

const REFUSED: readonly [type: string, options: string, input: string, refusal: string][] = [
  ['otlp', '', '{ metrics: { resourceMetrics: 1 } }', 'resourceMetrics'],
  [
    'prometheus_remote_write',
    '{ endpoint: 127.0.0.1:1 }',
    `{ series: [{ series: 'a{', values: '1' }] }`,
    'unexpected end of input'
  ],
  ['prometheus', '{ scrape_configs: [{ job_name: a }] }', '{ job: b, target: "h:1", text: "" }', 'there is no job b'],
  ['kafka', `{ ${KAFKA} }`, `{ logs: ${LOGS} }`, 'this receiver reads metrics'],
  ['kafka', `{ ${KAFKA} }`, '{ text: nonsense }', 'the record goes to the dead letter topic'],
  ['kafka', `{ ${KAFKA} }`, '{ events: {} }', 'this receiver reads otlp_proto'],
  ['kafka', `{ ${KAFKA} }`, '{ partition: 1 }', 'either metrics, logs, events or text']
]

for (const [i, [type, options, input, refusal]] of REFUSED.entries())
  test(`bad input ${i} is refused by receiver ${type}`, async t => {
    const tests = `
config: weir.yaml
tests:
  - name: input
    steps:
      - send: { ${type}: ${input} }
        refused: ${JSON.stringify(refusal)}
`
    assert.deepEqual((await runFiles(t, tests, { 'weir.yaml': fileOfOne(type, options) })).err, '')
  })
