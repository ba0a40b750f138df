import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { assertCounted, type StoredPoint, seriesKey } from './counts.ts'
import { eventually } from './eventually.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { sendByHand, sendFromClients } from './traffic.ts'
import { Sandbox, type Weir } from './weir-process.ts'

/** Some of what is stored meanwhile is under way then. */
const KILL_INTERVAL_MS = 700

test('counts of SDKs, StatsD and curl are in the embedded ClickHouse, exactly', async t => {
  const sandbox = await Sandbox.open(t)
  let weir = await sandbox.start(config('allowed_lateness: 1s'))
  const sent = await sendFromClients(weir, sandbox)
  await eventually('a window has closed while it runs', async () => (await storedPoints(weir, sandbox)).length > 0)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  // What was open has been sent; the next run finds all of it.
  weir = await sandbox.start(config('allowed_lateness: 1s'))
  const stored = await storedPoints(weir, sandbox)
  assertCounted(stored, sent)
  const windows = new Set(stored.filter(({ window }) => window === '1s').map(({ time }) => time))
  assert.ok(windows.size >= 3, 'the points fall into several windows')
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

test('each window in ClickHouse holds the points of its event times', async t => {
  const sandbox = await Sandbox.open(t)
  let weir = await sandbox.start(config('allowed_lateness: 10m'))
  const sent = await sendByHand(weir, Math.floor(Date.now() / 1000) * 1000)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  weir = await sandbox.start(config('allowed_lateness: 10m'))
  assertCounted(await storedPoints(weir, sandbox), sent)
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

test('an engine killed again and again while counts come in costs none of them, and ends with Weir', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(config('allowed_lateness: 1s'))
  const enginePid = async () => {
    const status = await readFile(sandbox.path('clickhouse/status'), 'utf8')
    return Number(/^PID: (\d+)/.exec(status)![1])
  }
  const killed = new Set<number>()
  const killing = setInterval(async () => {
    const pid = await enginePid().catch(() => undefined)
    if (pid !== undefined && !killed.has(pid) && killed.add(pid)) process.kill(pid, 'SIGKILL')
  }, KILL_INTERVAL_MS)
  const sent = await sendFromClients(weir, sandbox)
  // On a busy machine an engine starts slowly.
  await eventually('two were killed', () => killed.size >= 2, { deadlineMs: 60_000 })
  clearInterval(killing)
  await eventually(
    'the last windows are stored',
    async () => {
      assertCounted(await storedPoints(weir, sandbox), sent)
      return true
    },
    { deadlineMs: 60_000 }
  )
  await weir.assertLedger()
  const pid = await enginePid()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

test('after kill -9 the next start finds the stored data, and continues', async t => {
  const sandbox = await Sandbox.open(t)
  let weir = await sandbox.start(config('allowed_lateness: 0s', 'idle_timeout: 0s'))
  const stored = async () => (await storedPoints(weir, sandbox)).filter(({ window }) => window === '1s')
  const sums = (points: readonly StoredPoint[]) => points.map(({ value }) => value).sort()
  const count = async (value: number) => {
    const point = { name: 'http_requests', attributes: { route: '/' }, time: Date.now(), value }
    assert.equal((await postOtlp(weir.otlp, deltaRequest([point]))).status, 200)
  }
  await count(20)
  await eventually('its window is stored', async () => (await stored()).length === 1)
  await weir.assertLedger()
  assert.deepEqual(await weir.kill(), { code: null, signal: 'SIGKILL' })
  weir = await sandbox.start(config('allowed_lateness: 0s', 'idle_timeout: 0s'))
  assert.deepEqual(sums(await stored()), [20])
  await count(3)
  await eventually('another window is stored', async () => (await stored()).length === 2)
  assert.deepEqual(sums(await stored()), [20, 3])
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

function config(...options: string[]): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
  statsd: { endpoint: 127.0.0.1:0 }
  http: { endpoint: 127.0.0.1:0 }
processors:
  windowed_counter: { windows: [1s, 10s], ${options.join(', ')} }
exporters:
  clickhouse: { embedded: ./clickhouse }
service:
  admin: { endpoint: 127.0.0.1:0 }
  pipelines:
    counts: { receivers: [otlp, statsd, http], processors: [windowed_counter], exporters: [clickhouse] }
`
}

interface Row {
  readonly name: string
  readonly kind: string
  readonly attributes: Readonly<Record<string, string>>
  readonly ms: number
  readonly value: number
  readonly count: number
}

async function storedPoints(weir: Weir, sandbox: Sandbox): Promise<StoredPoint[]> {
  const sql = 'SELECT name, kind, attributes, toUnixTimestamp64Milli(time) AS ms, value, count FROM metrics'
  const { code, stdout, stderr } = await sandbox.weir('query', sql, '--admin', weir.admin, '--format', 'JSON')
  assert.equal(code, 0, stderr)
  return (JSON.parse(stdout).data as Row[]).flatMap(({ name, kind, attributes, ms, value, count }) => {
    const { window, late } = attributes
    const point = (suffix: string, value: number): StoredPoint => ({
      series: seriesKey(name.replaceAll('.', '_') + suffix, attributes),
      window,
      late: late === 'true',
      time: Number(ms),
      value
    })
    return kind.endsWith('histogram') ? [point('_count', count), point('_sum', value)] : [point('', value)]
  })
}
