import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { eventually } from './eventually.ts'
import { HealthProbe } from './health-probe.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const SERIES = 2000
const POINTS = 20
const EVERY_MS = 15_000
/** Asked at once, again and again. */
const QUERIES_AT_ONCE = 20
const SECONDS = 4
/** Of a query, with the time that it waits for others. */
const TIMEOUT_MS = 2000
/** Beside them: an answer that was being written, and a machine that is busy. */
const GRACE_MS = 4000
const SEND_EVERY_MS = 20
/** Clients wait after a refusal. */
const RETRY_AFTER_MS = 100
/** An attack that meets a busy machine may be tried again. */
const ATTEMPTS = 3
const SLOWEST_HEALTH_MS = 200
const SLOWEST_REPLY_MS = 500
const YEAR_S = 365 * 86_400

const CONFIG = `
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:0 } } }
exporters:
  clickhouse: { embedded: ./data/clickhouse }
extensions:
  query_api:
    endpoint: 127.0.0.1:0
    store: clickhouse
    timeout: ${TIMEOUT_MS}ms
    queue_timeout: ${TIMEOUT_MS}ms
    max_concurrent: 4
    max_queued: 8
    max_series: 5000
    max_samples: 2000000
service:
  admin: { endpoint: 127.0.0.1:0 }
  journal: { folder: ./journal }
  log: { level: error }
  extensions: [query_api]
  pipelines:
    metrics: { receivers: [otlp], exporters: [clickhouse] }
`

const ALL = '{__name__=~".+"}'
const YEAR = { start: -YEAR_S, end: 0 }
type Form = Readonly<Record<string, string | number>>

/** Times are seconds from now. */
const QUERIES: readonly (readonly [path: string, form: Form])[] = [
  ['query_range', { query: ALL, ...YEAR, step: 1 }],
  ['query_range', { query: ALL, ...YEAR, step: YEAR_S / 10_000 }],
  ['query_range', { query: `topk(1e9, ${ALL})`, ...YEAR, step: YEAR_S / 10_000 }],
  ['query_range', { query: `sum by (host) (rate(${ALL}[1y]))`, ...YEAR, step: YEAR_S / 10_000 }],
  ['query_range', { query: `quantile_over_time(0.5, requests[1h])`, start: -3000, end: 0, step: 1 }],
  ['query_range', { query: `stddev_over_time(requests[1h:1s])`, start: -3000, end: 0, step: 1 }],
  ['query', { query: `${ALL}[10y]` }],
  ['query', { query: `max_over_time(max_over_time(rate(requests[5m])[1d:1s])[30d:1m])` }],
  ['query', { query: `sum_over_time((sum_over_time((sum_over_time(requests[1d:1s]))[1d:1s]))[1d:1s])` }],
  ['query', { query: `quantile_over_time(0.99, ${ALL}[10y:1s])` }],
  ['query', { query: `requests{host=~"(.*.*)*(x+x+)+y|.*"}` }],
  ['query', { query: `requests{${'host=~".*.*.*.*.*.*.*.*.*.*[0-9]{1,900}",'.repeat(20)}}` }],
  ['query', { query: `count_values("v", ${ALL}) + on () group_left count_values("v", ${ALL})` }],
  ['query', { query: Array.from({ length: 200 }, () => ALL).join(' or ') }],
  ['query', { query: `${'('.repeat(100_000)}1${')'.repeat(100_000)}` }],
  ['query', { query: `${'-'.repeat(50_000)}requests` }],
  ['query', { query: `label_replace(${ALL}, "long", "${'$0'.repeat(10_000)}", "host", "((.*))")` }],
  ['series', { 'match[]': ALL, start: -100 * YEAR_S, end: 0 }],
  ['labels', { 'match[]': `{host=~".*.*.*.*.*.*9"}`, start: -100 * YEAR_S, end: 0 }],
  ['query_range', { query: `sort(${ALL}) ^ 2 ^ 2 ^ 2 % 7 > 0`, start: -3000, end: 0, step: 1 }]
]
assert.equal(QUERIES.length, QUERIES_AT_ONCE)

test('queries of death are refused or cut, while data comes in', async t => {
  const sandbox = await Sandbox.open(t)
  const weir = await sandbox.start(CONFIG)
  const end = Math.floor(Date.now() / 1000) * 1000
  await fill(weir, end)
  await weir.settled()
  // Others may ask for as much as they are allowed to.
  const total = await resultOf(weir, 'sum(sum_over_time(requests[1h]))', end)
  assert.equal(total, SERIES * POINTS)

  let [health, reply] = [Infinity, Infinity]
  for (let attempt = 0; attempt < ATTEMPTS && (health >= SLOWEST_HEALTH_MS || reply >= SLOWEST_REPLY_MS); attempt++) {
    const probe = new HealthProbe(weir)
    const until = performance.now() + SECONDS * 1000
    const [replies, answers] = await Promise.all([send(weir, until), attack(weir, until)])
    health = await probe.stop()
    replies.sort((a, b) => a - b)
    reply = replies[Math.floor(replies.length * 0.99)]
    const told = [...answers].map(([status, count]) => `${count} × ${status}`).join(', ')
    t.diagnostic(
      `${told}; health ${health.toFixed(0)} ms; ${replies.length} requests of data, p99 of their replies ${reply.toFixed(0)} ms`
    )
    for (const status of answers.keys()) assert.ok([200, 400, 422, 503].includes(status), told)
    assert.ok(answers.has(400) && answers.has(422), `some are refused: ${told}`)
  }
  assert.ok(health < SLOWEST_HEALTH_MS, `${health} ms until /healthz answered`)
  assert.ok(reply < SLOWEST_REPLY_MS, `${reply} ms until data was acknowledged`)
  await weir.settled()
  await eventually('small queries are answered', async () => {
    return (await resultOf(weir, 'sum(sum_over_time(requests[1h]))', end)) === total
  })
  await weir.assertLedger()
  assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
})

async function fill(weir: Weir, end: number): Promise<void> {
  for (let i = 0; i < POINTS; i++) {
    const time = end - i * EVERY_MS
    const points = Array.from({ length: SERIES }, (_, n) => ({
      name: 'requests',
      attributes: { host: `h${n}`, group: `g${n % 10}` },
      time,
      value: 1
    }))
    assert.equal((await postOtlp(weir.otlp, deltaRequest(points))).status, 200)
  }
}

/** Small requests, one after the other: ms until each was acknowledged. */
async function send(weir: Weir, until: number): Promise<number[]> {
  const replies: number[] = []
  while (performance.now() < until) {
    const point = { name: 'honest', attributes: { sender: 'one' }, time: Date.now(), value: 1 }
    const begun = performance.now()
    assert.equal((await postOtlp(weir.otlp, deltaRequest([point]))).status, 200)
    replies.push(performance.now() - begun)
    await setTimeout(SEND_EVERY_MS)
  }
  return replies
}

/** All queries at once, each again as soon as it was answered: how often there was which status. */
async function attack(weir: Weir, until: number): Promise<Map<number, number>> {
  const answers = new Map<number, number>()
  const ask = async ([path, form]: (typeof QUERIES)[number]) => {
    while (performance.now() < until) {
      const begun = performance.now()
      const { status, text } = await post(weir, path, form)
      const took = performance.now() - begun
      answers.set(status, (answers.get(status) ?? 0) + 1)
      const asked = JSON.stringify(form).slice(0, 200)
      assert.ok(took < 2 * TIMEOUT_MS + GRACE_MS, `${asked} was answered after ${took} ms: ${text.slice(0, 200)}`)
      if (status === 200) continue
      await setTimeout(RETRY_AFTER_MS)
      const { errorType, error } = JSON.parse(text) as { errorType: string; error: string }
      assert.match(errorType, /^(bad_data|execution|timeout|unavailable)$/, `${asked}: ${text.slice(0, 500)}`)
      // Its thread would go with it, and the others on it.
      assert.doesNotMatch(error, /went on after its time/, asked)
      assert.ok(error.length < 2000, `the error of ${asked} has ${error.length} characters`)
    }
  }
  await Promise.all(QUERIES.map(ask))
  return answers
}

async function post(weir: Weir, path: string, form: Form): Promise<{ status: number; text: string }> {
  const now = Date.now() / 1000
  const entries = Object.entries(form).map(([name, value]) => {
    return [name, String(name === 'start' || name === 'end' ? now + Number(value) : value)]
  })
  const body = new URLSearchParams(entries)
  const response = await fetch(`${weir.queryApi}/api/v1/${path}`, { method: 'POST', body })
  return { status: response.status, text: await response.text() }
}

async function resultOf(weir: Weir, query: string, time: number): Promise<number> {
  const body = new URLSearchParams({ query, time: String(time / 1000) })
  const response = await fetch(`${weir.queryApi}/api/v1/query`, { method: 'POST', body })
  const { data } = (await response.json()) as { data?: { result: { value: [number, string] }[] } }
  return Number(data?.result[0]?.value[1])
}
