import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventually } from './eventually.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const HOUR_MS = 3_600_000
const HOURS = 3
const STEP_MS = 15_000
const EVENTS_PER_REQUEST = 40
/** The allowed lateness, and what a look takes. */
const SLACK_MS = 5000
const TIERS = ['1s', '10s', '1m', '1h']

const CONFIG = `
receivers:
  http: { endpoint: 127.0.0.1:0 }
processors:
  # Nothing is idle while this test sends hours of events within seconds.
  rollup: { tiers: [${TIERS.map(size => `{ size: ${size} }`).join(', ')}], idle_timeout: 1h }
exporters:
  clickhouse: { embedded: ./clickhouse }
service:
  admin: { endpoint: 127.0.0.1:0 }
  journal: { folder: ./journal }
  pipelines:
    rollups: { receivers: [http], processors: [rollup], exporters: [clickhouse] }
`

interface Event {
  readonly name: string
  readonly timestamp: number
  readonly value: number
}

test('three hours, some of it late and a kill -9 in between: every hour is the same in all tiers, and all is there', async t => {
  const sandbox = await Sandbox.open(t)
  // The last hour has ended for the watermark too.
  const end = Math.floor((Date.now() - 2 * SLACK_MS) / HOUR_MS) * HOUR_MS
  const events = history(end - HOURS * HOUR_MS, end)
  const half = Math.floor(events.length / 2)
  let weir = await sandbox.start(CONFIG)
  await send(weir, events.slice(0, half))
  assert.deepEqual(await weir.kill(), { code: null, signal: 'SIGKILL' })
  weir = await sandbox.start(CONFIG)
  await send(weir, events.slice(half))
  // Says that all of the hours before have gone by.
  await send(weir, [{ name: 'end', timestamp: Date.now(), value: 1 }])
  const sent = events.reduce((sum, { value }) => sum + value, 0)
  await eventually('the last hour is stored', async () => (await total(weir, '1h')) === sent)
  const [seconds, ...others] = await Promise.all(TIERS.map(tier => hours(weir, tier)))
  assert.equal(seconds.length, HOURS)
  for (const other of others) assert.deepEqual(other, seconds)
  for (const tier of TIERS) assert.equal(await total(weir, tier), sent, tier)
  const late = await ask(weir, "SELECT 1 FROM metrics_1h WHERE attributes['late'] = 'true'")
  assert.ok(late.length > 0, 'some came too late for its hour')
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

/** Of every tenth event the time is up to an hour and a half before the others'. */
function history(from: number, to: number): Event[] {
  const events: Event[] = []
  for (let now = from; now < to; now += STEP_MS) {
    const i = events.length
    const lateness = i % 10 === 9 ? (i * 7919) % (1.5 * HOUR_MS) : 0
    events.push({ name: 'order', timestamp: Math.max(from, now - lateness), value: 1 + (i % 7) })
  }
  return events
}

async function send(weir: Weir, events: readonly Event[]): Promise<void> {
  for (let i = 0; i < events.length; i += EVENTS_PER_REQUEST) {
    const body = JSON.stringify(events.slice(i, i + EVENTS_PER_REQUEST))
    const response = await fetch(weir.events, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
    assert.equal(response.status, 200, await response.text())
    await closed(weir, Math.max(...events.slice(0, i + EVENTS_PER_REQUEST).map(({ timestamp }) => timestamp)))
  }
}

/** Waits until the watermark is at what came last: only then is what comes next late. */
async function closed(weir: Weir, latest: number): Promise<void> {
  const lag = 'weir_processor_rollup_watermark_lag_seconds{component="rollup",pipeline="rollups"}'
  await eventually('time has gone by', async () => Date.now() - (await weir.metric(lag)) * 1000 >= latest - SLACK_MS)
}

async function total(weir: Weir, tier: string): Promise<number> {
  const [{ sum }] = await ask(weir, `SELECT sum(value) AS sum FROM metrics_${tier} WHERE name = 'order.sum'`)
  return Number(sum)
}

/** The sums of each hour. */
function hours(weir: Weir, tier: string): Promise<Record<string, unknown>[]> {
  return ask(
    weir,
    `SELECT toStartOfHour(start) AS hour, sum(value) AS sum FROM metrics_${tier} WHERE name = 'order.sum' GROUP BY hour ORDER BY hour`
  )
}

async function ask(weir: Weir, sql: string): Promise<Record<string, unknown>[]> {
  const url = `${weir.admin}/api/exporters/clickhouse/query?format=JSONEachRow`
  const response = await fetch(url, { method: 'POST', body: sql })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line))
}
