import assert from 'node:assert/strict'
import path from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { startVictoriaMetrics, victoriaMetricsProgram } from '../servers/victoria-metrics.ts'
import { deltaRequest } from './otlp-requests.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const { path: program, skip } = await victoriaMetricsProgram()
/** Of the run that measures replies; more by hand. */
const SECONDS = Number(process.env.TENANT_SECONDS ?? 2)
const RATE = 10_000
const POINTS = 100
/** Time between two requests of the tenant that keeps its limit. */
const PAUSE_MS = 20

const config = (workers: number, store: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
processors:
  windowed_counter: { windows: [1s], by: [plan], allowed_lateness: 10m }
exporters:
  victoriametrics: { endpoint: ${store}/api/v1/write }
service:
  admin: { endpoint: 127.0.0.1:0 }
  workers: ${workers}
  tenants:
    header: X-Scope-OrgID
    limits: { samples_per_second: ${RATE}, burst: ${RATE} }
    overrides: { free: { max_series: 1 } }
  pipelines:
    a: { receivers: [otlp], processors: [windowed_counter], exporters: [victoriametrics] }
`

async function send(weir: Weir, tenant: string | undefined, body: Uint8Array): Promise<Response> {
  const headers = { 'content-type': 'application/x-protobuf', ...(tenant && { 'x-scope-orgid': tenant }) }
  const response = await fetch(weir.otlp, { method: 'POST', headers, body: body as Uint8Array<ArrayBuffer> })
  await response.arrayBuffer()
  return response
}

const time = Date.now()
const signups = (...counts: readonly (readonly [plan: string, value: number])[]) =>
  deltaRequest(counts.map(([plan, value]) => ({ name: 'signups', attributes: { plan }, time, value })))

/** `POINTS` points of one series. */
const many = deltaRequest(Array.from({ length: POINTS }, () => ({ name: 'many', attributes: {}, time, value: 1 })))

for (const workers of [1, 2])
  it(`the same series of two tenants are two series, up to the store, with ${workers} worker(s)`, { skip }, async t => {
    const [sandbox, store] = [await Sandbox.open(t), await startVictoriaMetrics(program)]
    t.after(() => store.stop())
    const weir = await sandbox.start(config(workers, store.url))
    assert.equal((await send(weir, undefined, signups(['pro', 1]))).status, 401)
    for (const [tenant, value] of [
      ['acme', 5],
      ['other', 7],
      ['acme', 1],
      ['free', 2]
    ] as const)
      assert.equal((await send(weir, tenant, signups(['pro', value]))).status, 200)
    await weir.settled()
    await weir.assertLedger()
    // A series too many.
    assert.equal((await send(weir, 'free', signups(['pro', 1], ['basic', 1]))).status, 200)
    await weir.settled()
    const usage = (await (await fetch(`${weir.admin}/api/tenants`)).json()) as { tenant: string; samples: number }[]
    const samples = Object.fromEntries(usage.map(({ tenant, samples }) => [tenant, samples]))
    assert.deepEqual(samples, { acme: 2, other: 1, free: 2 })
    assert.equal(await weir.metric('weir_tenant_series{tenant="free"}'), 1)
    assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
    await store.flush()
    const stored = await store.exportSeries('{__name__=~"signups.*",window="1s"}')
    const sums = stored.map(({ metric, values }) => [metric.weir_tenant, metric.plan, values.at(-1)])
    assert.deepEqual(sums.toSorted(), [
      ['acme', 'pro', 6],
      ['free', 'pro', 3],
      ['other', 'pro', 7]
    ])
  })

describe('a tenant at ten times its limit', () => {
  it('is told so, and another gets its answers as before', { skip }, async t => {
    const [sandbox, store] = [await Sandbox.open(t), await startVictoriaMetrics(program)]
    t.after(() => store.stop())
    const weir = await sandbox.start(config(1, store.url))
    const alone = await replies(weir)
    const [loud, beside] = await Promise.all([flood(weir, sandbox), replies(weir)])
    const told = `p99 alone ${alone.toFixed(1)} ms, beside ${beside.toFixed(1)} ms (${(beside / alone).toFixed(2)} x); loud: ${JSON.stringify(loud)}`
    t.diagnostic(told)
    assert.ok(loud[429] > 0 && loud[200] > 0, told)
    assert.ok(loud[200] * POINTS <= RATE * (SECONDS * 3 + 2), told)
    await weir.settled()
    await weir.assertLedger()
    assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  })
})

/** The 99th percentile of a quiet tenant's replies, in ms. All of its requests are taken. */
async function replies(weir: Weir): Promise<number> {
  const took: number[] = []
  for (const until = performance.now() + SECONDS * 1000; performance.now() < until; ) {
    const begun = performance.now()
    assert.equal((await send(weir, 'quiet', many)).status, 200)
    took.push(performance.now() - begun)
    await setTimeout(PAUSE_MS)
  }
  return took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)]
}

/** Ten times the rate, from a process of its own. Answers by status. */
async function flood(weir: Weir, sandbox: Sandbox): Promise<Record<string, number>> {
  const args = [weir.otlp, 'loud', String((10 * RATE) / POINTS), String(POINTS), String(SECONDS)]
  const { stdout } = await sandbox.run(process.execPath, [path.join(import.meta.dirname, 'tenant-flood.ts'), ...args])
  return JSON.parse(stdout)
}
