import assert from 'node:assert/strict'
import { globSync, statSync } from 'node:fs'
import { test } from 'node:test'
import { EXIT } from '../../../core/cli/exit-codes.ts'
import { IN_MEMORY, JOURNALED, runFiles, testOf } from './run-files.ts'

const SUCCESS = (expectations: string) => ({
  code: EXIT.ok,
  out: `tests.yaml: SUCCESS: ${expectations} in 1 test`,
  err: ''
})

const COUNTED = `
      - at: 2s
        send: { statsd: { lines: ["signups:1|c", "signups:2|c"] } }
      - at: 20s
        expect: { exporters: { clickhouse: { points: [{ metric: signups, attributes: { window: 10s }, time: 10s, value: 3 }] } } }
`

test('what comes is counted as the configuration says, on its own clock, and nothing is left on disk', async t => {
  // A Weir that was started here has left something there.
  const onDisk = () => globSync('./{state,data}{,/**}').map(file => [file, statSync(file).mtimeMs])
  const existed = onDisk()
  // The first run loads modules. CPU time has no part of other processes.
  assert.deepEqual(await runFiles(t, testOf(COUNTED)), SUCCESS('1 expectation'))
  const before = process.cpuUsage()
  assert.deepEqual(await runFiles(t, testOf(`${COUNTED}      - at: 5h\n`)), SUCCESS('1 expectation'))
  assert.ok(process.cpuUsage(before).user < 1e6, 'five hours take less than a second')
  assert.deepEqual(onDisk(), existed)
})

test('an expectation that is not met is shown with its place, and what is missing, different and unexpected', async t => {
  const steps = `
      - at: 2s
        send: { statsd: { lines: ["signups:1|c|#plan:pro", "signups:2|c", "load:320|ms", "logins:1|c"] } }
      - at: 20s
        expect:
          exporters:
            clickhouse:
              points:
                - { metric: signups, attributes: { plan: pro, window: 10s }, time: 10s, value: 1 }
                - { metric: signups, attributes: { window: 10s }, time: 10s, value: 3 }
                - { metric: logouts, attributes: { window: 10s }, time: 10s, value: 1 }
                - { metric: load, attributes: { window: 10s }, time: 10s, count: 1, quantiles: { 0.5: 300 }, tolerance: 0.02 }
          drops: [{ component: receiver statsd, reason: malformed, items: 1 }]
          dead_letters: [{ component: exporter clickhouse, reason: rejected, items: 2 }]
`
  const { code, out, err } = await runFiles(t, testOf(steps))
  assert.deepEqual([code, out], [EXIT.invalid, ''])
  assert.equal(
    err,
    `
tests.yaml: FAILED
tests.yaml:13:17: signups: points of exporter clickhouse at 20s
                metric   attributes  time  value     count  p0.5
    different   signups  window=10s  10s   3, got 2                       tests.yaml:14:19
    missing     logouts  window=10s  10s   1                              tests.yaml:15:19
    different   load     window=10s  10s             1      300, got 320  tests.yaml:16:19
    unexpected  logins   window=10s  10s   1
tests.yaml:17:18: signups: drops at 20s
             component        reason     items
    missing  receiver statsd  malformed  1      tests.yaml:17:19
tests.yaml:18:25: signups: dead letters at 20s
             component            reason    items
    missing  exporter clickhouse  rejected  2      tests.yaml:18:26
`.trim()
  )
})

test('a sender that is refused fails the test, unless that is expected, with the reason', async t => {
  const steps = `
      - send: { http: { events: [{ attributes: { plan: pro } }] } }
      - send: { http: { events: [{ name: signup }] } }
        refused: no room
      - send: { http: { lines: ["{"] } }
        refused: no room
      - send: { http: { events: [{ attributes: { plan: pro } }] } }
        refused: name
`
  const { code, err } = await runFiles(t, testOf(steps))
  assert.equal(code, EXIT.invalid)
  const lines = err.split('\n')
  assert.match(lines[1], /^tests.yaml:6:9: signups: receiver http refused it: .*name/)
  assert.match(lines[2], /^tests.yaml:7:9: signups: receiver http took it, and was to refuse it: no room$/)
  assert.match(lines[3], /^tests.yaml:9:9: signups: receiver http refused it for another reason: .+/)
  assert.equal(lines.length, 4)
})

const TWO_PARTS = (how: string, value: number) =>
  testOf(`
      - at: 2s
        send: { http: { events: [{ name: signups }] } }
      - at: 3s
        restart: ${how}
      - at: 4s
        send: { http: { events: [{ name: signups }] } }
      - at: 20s
        expect: { exporters: { clickhouse: { points: [{ metric: signups, attributes: { window: 10s }, time: 10s, value: ${value} }] } } }
`)

test('a clean restart keeps state, and a crash leaves what a journal has', async t => {
  assert.deepEqual(await runFiles(t, TWO_PARTS('clean', 2)), SUCCESS('1 expectation'))
  assert.deepEqual(await runFiles(t, TWO_PARTS('crash', 1)), SUCCESS('1 expectation'))
  const journaled = { 'weir.yaml': JOURNALED }
  assert.deepEqual(await runFiles(t, TWO_PARTS('clean', 2), journaled), SUCCESS('1 expectation'))
  assert.deepEqual(await runFiles(t, TWO_PARTS('crash', 2), journaled), SUCCESS('1 expectation'))
})

test('a crash before the answer loses what the sender still has', async t => {
  const steps = `
      - at: 2s
        send: { statsd: { lines: ["signups:1|c"] } }
      - restart: crash
      - at: 20s
        expect: { exporters: { clickhouse: { points: [] } } }
`
  // A journal has it 2 ms later, and StatsD waits for no answer.
  assert.deepEqual(await runFiles(t, testOf(steps), { 'weir.yaml': JOURNALED }), SUCCESS('1 expectation'))
})

test('a reload hands over state, and one that cannot be is an error of the test', async t => {
  const steps = `
      - at: 2s
        send: { statsd: { lines: ["signups:1|c"] } }
      - at: 3s
        reload: next.yaml
      - at: 4s
        send: { statsd: { lines: ["signups:2|c"] } }
      - at: 30s
        expect:
          exporters:
            clickhouse:
              points:
                - { metric: signups, attributes: { window: 10s }, time: 10s, value: 3 }
          drops: []
`
  for (const config of [IN_MEMORY, JOURNALED]) {
    const files = { 'weir.yaml': config, 'next.yaml': config.replace('[10s]', '[10s], allowed_lateness: 5s') }
    const { code, err } = await runFiles(t, testOf(steps), files)
    assert.deepEqual([code, err], [EXIT.ok, ''])
  }
  const { err } = await runFiles(t, testOf(steps), { 'next.yaml': JOURNALED })
  assert.match(err, /^tests.yaml: FAILED\ntests.yaml:8:9: signups: Weir cannot reload: service\.\S+.* cannot change/)
})

test('an outage loses nothing, and what a backend refuses for good is a dead letter, through a crash too', async t => {
  const steps = `
      - backends: { clickhouse: down }
      - at: 2s
        send: { http: { events: [{ name: signups }] } }
      - at: 1h
        expect: { exporters: { clickhouse: { points: [] } }, drops: [], dead_letters: [] }
      - restart: crash
      - at: 2h
        backends: { clickhouse: up }
      - at: 3h
        expect: { exporters: { clickhouse: { points: [{ metric: signups, attributes: { window: 10s }, time: 10s, value: 1 }] } } }
      - backends: { clickhouse: refusing }
      - send: { http: { events: [{ name: logins }] } }
      - at: 4h
        restart: crash
      - at: 5h
        expect:
          exporters: { clickhouse: { where: { metric: logins }, points: [] } }
          dead_letters: [{ component: exporter clickhouse, reason: rejected, items: 1 }]
`
  const { code, err } = await runFiles(t, testOf(steps), { 'weir.yaml': JOURNALED })
  assert.deepEqual([code, err], [EXIT.ok, ''])
})

test('neither files with secrets nor certificates need be there, and tenants are told apart', async t => {
  const config = `
receivers:
  statsd:
  otlp: { protocols: { http: { auth: app, tls: { cert_file: ./no.crt, key_file: ./no.key } } } }
exporters: { debug: }
service:
  workers: 2
  authenticators: { app: { bearer: { tokens: [{ token_file: ./no.token }] } } }
  tenants: { attribute: team, default: other }
  pipelines: { all: { receivers: [statsd, otlp], exporters: [debug] } }
`
  const steps = `
      - send: { statsd: { lines: ["a:1|c|#team:red", "a:2|c"] } }
      - expect:
          exporters:
            debug:
              points:
                - { metric: a, attributes: { team: red, weir.tenant: red }, time: 0s, value: 1 }
                - { metric: a, attributes: { weir.tenant: other }, time: 0s, value: 2 }
`
  assert.deepEqual((await runFiles(t, testOf(steps), { 'weir.yaml': config })).err, '')
})

test('data that cannot be sent or kept at a stop fails the test', async t => {
  const steps = `
      - backends: { clickhouse: down }
      - at: 2s
        send: { http: { events: [{ name: signups }] } }
      - at: 20s
        restart: clean
`
  const { err } = await runFiles(t, testOf(steps))
  assert.match(err, /tests.yaml:9:9: signups: Weir cannot be restarted: not everything could be sent or kept in time$/)
})

test('the same test has the same result again, whatever the machine does meanwhile', async t => {
  const steps = `${COUNTED}      - expect: { exporters: { clickhouse: { points: [] } }, drops: [] }\n`
  const busy = setInterval(() => {
    for (const until = performance.now() + 3; performance.now() < until; );
  }, 5)
  t.after(() => clearInterval(busy))
  const first = await runFiles(t, testOf(steps), { 'weir.yaml': JOURNALED })
  for (let i = 0; i < 5; i++) assert.deepEqual(await runFiles(t, testOf(steps), { 'weir.yaml': JOURNALED }), first)
})
