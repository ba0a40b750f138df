import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtIns } from '../../../../built-ins.ts'
import { type PipelineTrace, trace } from '../../../../core/admin/why/trace.ts'
import type { NamedSeries } from '../../../../core/model/named-series.ts'
import { NO_SCOPE } from '../../../../core/model/series.ts'
import { Registry } from '../../../../core/plugin/registry.ts'
import { builtFrom } from '../served-delivery.ts'

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
  http: { endpoint: 127.0.0.1:0 }
processors:
  transform: { statements: [{ delete: [user] }] }
  filter: { include: { name: a* } }
  windowed_counter: { windows: [1s], output: [delta] }
  windowed_counter/coarse: { windows: [1m], output: [delta] }
exporters:
  debug: { verbosity: none }
  victoriametrics: { endpoint: http://127.0.0.1:1/api/v1/write, target_info: false }
service:
  pipelines:
    first: { receivers: [otlp, statsd], processors: [transform], exporters: [victoriametrics], items: [points] }
    second: { receivers: [pipeline/first, http], processors: [windowed_counter], exporters: [debug] }
    third: { receivers: [pipeline/second], processors: [filter, windowed_counter/coarse], exporters: [debug] }
`
const { topology } = await builtFrom(CONFIG, new Registry(builtIns))

const series = (name: string, kind: NamedSeries['kind'], attributes: NamedSeries['attributes'] = []): NamedSeries => ({
  name,
  kind,
  temporality: kind === 'event' ? 'unspecified' : 'delta',
  unit: '',
  attributes,
  resource: [],
  scope: NO_SCOPE
})

/** `component fate series` of all, by pipeline. */
function shownBy(traces: readonly PipelineTrace[]): Record<string, string[]> {
  return Object.fromEntries(
    traces.map(({ pipeline, from, stages }) => [
      `${pipeline} from ${from.join(' and ')}`,
      stages.flatMap(({ id, entries }) =>
        entries.map(({ fate, series: own, places }) => {
          const labels = own.map(({ name, attributes }) => `${name}${JSON.stringify(attributes).replaceAll('"', '')}`)
          return [id, fate, ...labels, ...places].join(' ')
        })
      )
    ])
  )
}

test('a series is followed from pipeline to pipeline', () => {
  const traces = trace(
    series('a.hits', 'counter', [
      ['token', 'x'],
      ['user', 'u1']
    ]),
    topology,
    new Set()
  )
  assert.deepEqual(shownBy(traces), {
    'first from otlp and statsd': [
      'transform changes a.hits{token:[redacted],user:u1}',
      'victoriametrics stored a.hits{token:[redacted]} a_hits{token="[redacted]"}'
    ],
    'second from pipeline/first': [
      'windowed_counter counted a.hits{token:[redacted]}',
      'debug stored a.hits{token:[redacted],window:1s}'
    ],
    'third from pipeline/second': [
      'filter passes a.hits{token:[redacted],window:1s}',
      'windowed_counter/coarse counted a.hits{token:[redacted],window:1s}',
      'debug stored a.hits{exported_window:1s,token:[redacted],window:1m}'
    ]
  })
})

test('it ends where it is dropped', () => {
  const traces = trace(series('hits', 'counter'), topology, new Set(['statsd']))
  assert.deepEqual(Object.keys(shownBy(traces)), [
    'first from statsd',
    'second from pipeline/first',
    'third from pipeline/second'
  ])
  assert.deepEqual(Object.values(shownBy(traces)).at(-1), ['filter dropped hits{window:1s}'])
})

test('events go where pipelines take them', () => {
  assert.deepEqual(Object.keys(shownBy(trace(series('a', 'event'), topology, new Set()))), [
    'second from http',
    'third from pipeline/second'
  ])
  assert.deepEqual(trace(series('a', 'event'), topology, new Set(['otlp'])), [])
})
