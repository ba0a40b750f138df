import assert from 'node:assert/strict'
import path from 'node:path'
import { test } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { ROOT } from '../../e2e/weir-process.ts'
import { IN_MEMORY, runFiles, testOf } from './run-files.ts'

const BAD: readonly [name: string, tests: string, problem: RegExp][] = [
  [
    'an unknown key',
    testOf('      - { at: 2s, sned: { statsd: { lines: [] } } }'),
    /^tests.yaml:6:19: error: tests\[0\]\.steps\[0\]: unknown option "sned"; did you mean "send"\?$/m
  ],
  [
    'a wrong type',
    testOf('      - at: soon'),
    /^tests.yaml:6:13: error: tests.*at: expected a time since .*, got "soon"$/m
  ],
  [
    'an unknown receiver',
    testOf('      - send: { statds: { lines: ["a:1|c"] } }'),
    /^tests.yaml:6:17: error: no pipeline has a receiver "statds"; did you mean "statsd"\?$/m
  ],
  [
    'an input of another form',
    testOf('      - send: { statsd: { line: ["a:1|c"] } }'),
    /^tests.yaml:6:27: error: unknown option "line"; did you mean "lines"\?$/m
  ],
  [
    'a time without end',
    testOf('      - at: 9999d'),
    /^tests.yaml:6:13: error: a test lasts at most 14d: begin it later$/m
  ],
  [
    'an unknown exporter',
    testOf('      - expect: { exporters: { clickhose: { points: [] } } }'),
    /^tests.yaml:6:32: error: no pipeline has an exporter "clickhose"; did you mean "clickhouse"\?$/m
  ],
  [
    'a backend of nobody',
    testOf('      - backends: { clickhose: down }'),
    /^tests.yaml:6:21: error: no pipeline has an exporter "clickhose"; did you mean "clickhouse"\?$/m
  ],
  [
    'an unknown component',
    testOf('      - expect: { drops: [{ component: receiver statds, reason: x, items: 1 }] }'),
    /^tests.yaml:6:40: error: there is no component "receiver statds"; did you mean "receiver statsd"\?$/m
  ],
  [
    'nothing expected',
    testOf('      - expect: { exporters: { clickhouse: {} } }'),
    /6:44: error: it expects nothing: give/
  ],
  ['no test', 'config: weir.yaml\ntests: []', /^tests.yaml:2:8: error: .*tests/m],
  ['no step', 'config: weir.yaml\ntests: [{ name: a, steps: [] }]', /^tests.yaml:2:27: error: .*steps/m],
  ['nothing at all expected', testOf('      - expect: {}'), /6:17: error: it expects nothing: give/],
  [
    'two actions',
    testOf('      - { restart: crash, expect: { drops: [] } }'),
    /^tests.yaml:6:27: error: a step does one thing, and this has restart and expect: make it two steps$/m
  ],
  ['a refusal of nothing', testOf('      - { refused: x }'), /^tests.yaml:6:11: error: "refused" belongs to "send"/m],
  ['time going back', testOf('      - at: 2s\n      - at: 1s'), /^tests.yaml:7:13: error: time does not go back/m],
  [
    'a time that is none',
    testOf('      - send: { http: { events: [{ timestamp: "${ms:soon}" }] } }'),
    /^tests.yaml:6:48: error: "\$\{ms:soon\}" is no time since the start of the test: write it as \$\{ms:10s\}/m
  ],
  [
    'a start that is no day',
    testOf('      - at: 1s').replace('    steps:', '    start: 2026-13-01T00:00:00Z\n    steps:'),
    /^tests.yaml:5:12: error: "2026-13-01T00:00:00Z" is no time/m
  ],
  [
    'a quantile that is none',
    testOf(
      '      - expect: { exporters: { clickhouse: { points: [{ metric: a, time: 0s, quantiles: { 50: 1 } }] } } }'
    ),
    /"50" is no quantile/
  ],
  [
    'no configuration',
    testOf('      - at: 1s').replace('weir.yaml', 'wier.yaml'),
    /^wier.yaml:1:1: error: cannot read this file/m
  ],
  [
    'no file to reload',
    testOf('      - reload: []'),
    /^tests.yaml:6:17: error: .*reload: needs at least 1, got an empty list$/m
  ],
  ['no YAML', 'config: [', /^tests.yaml:1:\d+: error: not YAML/m]
]

for (const [name, tests, problem] of BAD)
  test(`a file with an error is not run, and the error has its place: ${name}`, async t => {
    const { code, out, err } = await runFiles(t, tests)
    assert.deepEqual([code, out], [EXIT.invalid, ''])
    assert.match(err, problem)
    assert.match(err, /tests.yaml: FAILED: the files have errors$/)
  })

test('errors of the configuration are shown as weir validate shows them', async t => {
  const files = { 'weir.yaml': IN_MEMORY.replace('windows:', 'window:') }
  const { err } = await runFiles(t, testOf('      - at: 1s'), files)
  assert.match(err, /^weir.yaml:3:35: error: .*unknown option "window"; did you mean "windows"\?$/m)
})

test('variables are those of the file alone', async t => {
  const files = { 'weir.yaml': IN_MEMORY.replace('[10s]', '["${env:SIZE}"]') }
  const steps = `
      - at: 2s
        send: { statsd: { lines: ["a:1|c"] } }
      - at: 30s
        expect: { exporters: { clickhouse: { points: [{ metric: a, attributes: { window: 5s }, time: 5s, value: 1 }] } } }
`
  assert.match(
    (await runFiles(t, testOf(steps), files)).err,
    /^weir.yaml:3:\d+: error: environment variable SIZE is not set/m
  )
  assert.deepEqual((await runFiles(t, testOf(steps, 'env: { SIZE: 5s }'), files)).err, '')
})

const OWN = (steps: string) => testOf(steps).replace('weir.yaml', path.join(ROOT, 'docs/examples/graphite.yaml'))

test('a receiver of a plugin is fed if it can be', async t => {
  const steps = `
      - send: { graphite: { lines: ["a.b 1.5 \${s:10s}", nonsense] } }
      - expect:
          exporters: { debug: { points: [{ metric: a.b, time: 10s, value: 1.5, kind: gauge }] } }
          drops: [{ component: receiver graphite, reason: malformed, items: 1 }]
`
  assert.deepEqual((await runFiles(t, OWN(steps))).err, '')
})

test('a receiver that cannot be fed is named', async t => {
  const plugin = `
export default {
  api: 2, kind: 'receiver', type: 'mute', stability: 'alpha', description: 'Says nothing.',
  schema: { type: 'object', properties: {} }, ports: { out: 'points' },
  create: () => ({ batches$: { subscribe() {} } })
}`
  const config = `
plugins: [./mute.mjs]
receivers: { mute: }
exporters: { debug: }
service: { pipelines: { all: { receivers: [mute], exporters: [debug] } } }
`
  const { err } = await runFiles(t, testOf('      - send: { mute: { x: 1 } }'), {
    'weir.yaml': config,
    'mute.mjs': plugin
  })
  assert.match(
    err,
    /^tests.yaml:6:\d+: error: receiver "mute" cannot be fed by tests: its plugin mute has no "feeding"/m
  )
})
