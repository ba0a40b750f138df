import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { RemoteWriteBackend } from './remote-write-backend.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const health = async (weir: Weir) => (await (await fetch(`${weir.admin}/healthz`)).json()) as { state: string }

async function count(weir: Weir, value: number, time = Date.now()): Promise<void> {
  const request = deltaRequest([{ name: 'http_requests', attributes: { route: '/' }, time, value }])
  assert.equal((await postOtlp(weir.otlp, request)).status, 200)
}

test('starts without its backend, says it is degraded, and delivers once the backend is there', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  await backend.stop()
  const weir = await sandbox.start(config(backend.url, 'output: [cumulative], allowed_lateness: 0s, idle_timeout: 0s'))
  assert.deepEqual(await health(weir), { state: 'ok' })
  await count(weir, 7)
  await eventually('it is degraded', async () => (await health(weir)).state === 'degraded')
  const { state, reason } = await weir.component('exporter victoriametrics')
  assert.equal(state, 'degraded')
  assert.match(reason ?? '', /cannot be reached: .*ECONNREFUSED/)
  await backend.start()
  await eventually('the points have arrived', () => backend.samples().some(({ value }) => value === 7))
  await eventually('it is well again', async () => (await health(weir)).state === 'ok')
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

test('a port that is taken ends the start with 3 and the name of the endpoint', async t => {
  const sandbox = await Sandbox.open(t)
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  t.after(() => holder.close())
  const endpoint = `127.0.0.1:${(holder.address() as AddressInfo).port}`
  for (const [name, yaml] of [
    ['otlp', config('http://127.0.0.1:1/').replace('127.0.0.1:0', endpoint)],
    [
      'admin',
      config('http://127.0.0.1:1/').replace('admin: { endpoint: 127.0.0.1:0 }', `admin: { endpoint: ${endpoint} }`)
    ]
  ]) {
    const weir = await sandbox.begin(yaml)
    assert.deepEqual(await weir.ended, { code: 3, signal: null }, name)
    assert.ok(weir.stderr.includes(`cannot listen on ${endpoint}: another process does`), weir.stderr)
    assert.equal(weir.stdout, '', 'it does not claim to run')
  }
})

test('a broken configuration ends the start with 1 and every error at once', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.begin(`
receivers:
  otlp: { protocols: { http: { endpint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1ms] }
exporters:
  debugg:
service:
  pipelines:
    counts: { receivers: [otlp], processors: [windowed_counter], exporters: [debug] }
`)
  assert.deepEqual(await weir.ended, { code: 1, signal: null })
  for (const [line, what] of [
    [3, 'endpint'],
    [5, 'at least 100ms'],
    [7, 'debugg'],
    [10, 'debug']
  ])
    assert.match(weir.stderr, new RegExp(`^.*weir\\.yaml:${line}:\\d+: error: .*${what}`, 'm'))
  assert.equal(weir.stdout, '')
})

test('state of the last run that is damaged ends the start with 3; --discard-state forgets it', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t)]
  const yaml = config(backend.url, 'output: [cumulative], allowed_lateness: 0s').replace(
    'service:',
    'service:\n  state_dir: state'
  )
  const file = sandbox.path('state/processors/counts/windowed_counter.state')
  const first = await sandbox.start(yaml)
  // In a window that is not over for long yet: it stays open.
  await count(first, 100, Date.now() + 60_000)
  await first.assertLedger()
  assert.deepEqual(await first.stop(), { code: 0, signal: null }, first.stderr)

  const state = readFileSync(file)
  for (const [damage, bytes] of [
    ['a bit', state.with(state.length - 1, state.at(-1)! ^ 1)],
    ['cut off', state.subarray(0, state.length - 1)],
    ['empty', Buffer.alloc(0)],
    ['of something else', Buffer.from('no state of Weir')]
  ] as const) {
    writeFileSync(file, bytes)
    const refused = await sandbox.begin(yaml)
    assert.deepEqual(await refused.ended, { code: 3, signal: null }, damage)
    assert.match(refused.stderr, /cannot restore state\/processors\/counts\/windowed_counter\.state: .*--discard-state/)
    assert.deepEqual(readFileSync(file), Buffer.from(bytes), 'it is left for whoever can repair it')
  }
  const anew = await sandbox.start(yaml, '--discard-state')
  await count(anew, 1)
  await eventually('the window has closed', () => backend.samples().some(({ value }) => value === 1))
  await anew.assertLedger()
  assert.deepEqual(await anew.stop(), { code: 0, signal: null }, anew.stderr)
  assert.deepEqual(new Set(backend.samples().map(({ value }) => value)), new Set([0, 1]), 'nothing of before is there')
})

test('a second Ctrl-C ends it at once', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t, 'hang')]
  const weir = await sandbox.start(config(backend.url))
  await count(weir, 1)
  await weir.assertLedger()
  weir.signal('SIGINT')
  await eventually('it drains', () => /^SIGINT: draining, for at most 30s; again to stop at once$/m.test(weir.stdout))
  await eventually('the backend has not answered', () => backend.turnedAway > 0)
  assert.deepEqual(await weir.stop('SIGINT'), { code: null, signal: 'SIGINT' })
  assert.doesNotMatch(weir.stdout, /^drained$/m)
})

test('data that cannot be sent within shutdown_timeout is reported, and the exit code is 4', async t => {
  const [sandbox, backend] = [await Sandbox.open(t), await RemoteWriteBackend.start(t, 'refuse')]
  const weir = await sandbox.start(config(backend.url).replace('service:', 'service:\n  shutdown_timeout: 300ms'))
  await count(weir, 1)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 4, signal: null }, weir.stderr)
  assert.match(weir.stdout, /^not everything could be sent or kept in time/m)
  assert.match(weir.stderr, /"items":\d+,"msg":"not sent when shutdown_timeout was over, and lost/)
})

function config(url: string, options = ''): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1s], ${options} }
exporters:
  victoriametrics: { endpoint: '${url}', retry: { initial_interval: 50ms, max_interval: 100ms } }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts: { receivers: [otlp], processors: [windowed_counter], exporters: [victoriametrics] }
`
}
