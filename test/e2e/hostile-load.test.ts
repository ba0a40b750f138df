import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { eventually } from './eventually.ts'
import { HealthProbe } from './health-probe.ts'
import { dearLines, dearLists, dearMetrics, EverNewSeries, wideHistograms } from './hostile-requests.ts'
import { deltaRequest, postOtlp } from './otlp-requests.ts'
import { Sandbox, type Weir } from './weir-process.ts'

const MIB = 2 ** 20
const SENDERS = 3
/** Of each attack; more by hand. */
const SECONDS = Number(process.env.HOSTILE_SECONDS ?? 2)
/** An attack that meets a busy machine may be tried again. */
const ATTEMPTS = 3
const SLOWEST_HEALTH_MS = 200
const SLOW_CONNECTIONS = 300
const MOST_CONNECTIONS = 200
const PROTOBUF = 'application/x-protobuf'
const JSON_TYPE = 'application/json'
const NDJSON = 'application/x-ndjson'

const CONFIG = `
receivers:
  otlp:
    protocols:
      http:
        endpoint: 127.0.0.1:0
        read_header_timeout: 500ms
        read_timeout: 1s
        max_connections_per_address: ${MOST_CONNECTIONS}
  http:
    endpoint: 127.0.0.1:0
processors:
  windowed_counter: { windows: [1s, 10s], max_groups: 2000 }
exporters:
  debug: { verbosity: none }
service:
  admin: { endpoint: 127.0.0.1:0 }
  limits: { in_flight: 8MiB, output: 8MiB }
  log: { level: error }
  pipelines:
    counts: { receivers: [otlp, http], processors: [windowed_counter], exporters: [debug] }
`

type Attack = (weir: Weir, until: number, answers: Map<number, number>) => Promise<void>

/** Sends the same, or the next, again and again, by a few senders at once. */
function flood(url: (weir: Weir) => string, type: string, bodies: (() => Uint8Array)[]): Attack {
  return async (weir, until, answers) => {
    const send = async (body: () => Uint8Array) => {
      while (performance.now() < until) {
        const headers = { 'content-type': type }
        const request = { method: 'POST', headers, body: body() as Uint8Array<ArrayBuffer> }
        const status = await fetch(url(weir), request).then(statusOf).catch(cutOff)
        answers.set(status, (answers.get(status) ?? 0) + 1)
      }
    }
    await Promise.all(bodies.map(send))
  }
}

async function statusOf(response: Response): Promise<number> {
  await response.arrayBuffer()
  return response.status
}

/** Weir answers 413 before it has the whole body, and may close the connection on which the rest still comes. */
function cutOff(error: Error): number {
  const { cause = error } = error as { cause?: unknown }
  assert.match(String(cause), /EPIPE|ECONNRESET|other side closed/)
  return 413
}

const otlp = (weir: Weir) => weir.otlp
const events = (weir: Weir) => weir.events
const times = <T>(make: () => T): T[] => Array.from({ length: SENDERS }, make)
const always = (body: Uint8Array) => times(() => () => body)
const everNew = (series: number, attributes: number, length: number) =>
  times(() => new EverNewSeries(series, { attributes, length })).map(request => () => request.next())

const ATTACKS: Record<string, Attack> = {
  'series that are always new': flood(otlp, PROTOBUF, everNew(2000, 4, 10)),
  'series of very many attributes, always new': flood(otlp, PROTOBUF, everNew(20, 128, 200)),
  'series of very many attributes, more than there is memory for': flood(otlp, PROTOBUF, everNew(400, 128, 200)),
  'events whose JSON takes many times its text': flood(events, JSON_TYPE, always(dearLists(1_000_000))),
  'metrics whose JSON takes many times its text': flood(otlp, JSON_TYPE, always(dearMetrics(600_000))),
  'very many small events': flood(events, NDJSON, always(dearLines(50_000))),
  'histograms of very many buckets': flood(otlp, PROTOBUF, always(wideHistograms(4, 100_000))),
  'slow bodies on many connections': slowBodies
}

/** Each announces a megabyte and sends a byte now and then. */
async function slowBodies(weir: Weir, until: number, answers: Map<number, number>): Promise<void> {
  const { hostname, port } = new URL(weir.otlp)
  const head = `POST /v1/metrics HTTP/1.1\r\nHost: a\r\nContent-Type: ${PROTOBUF}\r\nContent-Length: ${MIB}\r\n\r\n`
  const open = new Set<Socket>()
  const begin = () => {
    const socket = connect(Number(port), hostname)
    socket.write(head)
    socket.on('error', () => {}).on('close', () => open.delete(socket))
    socket.on('data', data => {
      const status = Number(String(data).slice(9, 12))
      answers.set(status, (answers.get(status) ?? 0) + 1)
    })
    open.add(socket)
  }
  while (performance.now() < until) {
    while (open.size < SLOW_CONNECTIONS) begin()
    for (const socket of open) if (socket.writable) socket.write('x')
    await setTimeout(100)
  }
  for (const socket of open) socket.destroy()
}

describe('senders that mean harm', () => {
  it('cost neither the health of the process nor more memory than weir validate says', async t => {
    const sandbox = await Sandbox.open(t)
    const weir = await sandbox.start(CONFIG)
    const { stdout } = await sandbox.weir('validate', sandbox.path('weir.yaml'))
    const bound = Number(/memory of the process: at most ([\d,]+) MiB/.exec(stdout)![1].replaceAll(',', '')) * MIB
    for (const [name, attack] of Object.entries(ATTACKS)) await withstand(t, weir, name, attack, bound)
    await weir.settled()
    for (const { kind, id, account } of (await weir.status()).components)
      assert.equal(account.imbalance, 0, `${kind} ${id}`)
    for (const reason of ['refused', 'timed_out'])
      assert.ok((await weir.metric(`weir_receiver_otlp_${reason}_connections_total{component="otlp"}`)) > 0, reason)
    assert.deepEqual(await weir.stop(), { code: 0, signal: null }, weir.stderr)
  })
})

async function withstand(t: TestContext, weir: Weir, name: string, attack: Attack, bound: number): Promise<void> {
  let slowestMs = Number.POSITIVE_INFINITY
  for (let attempt = 0; attempt < ATTEMPTS && slowestMs >= SLOWEST_HEALTH_MS; attempt++) {
    const answers = new Map<number, number>()
    const probe = new HealthProbe(weir)
    await attack(weir, performance.now() + SECONDS * 1000, answers)
    slowestMs = await probe.stop()
    const peak = await peakRss(weir)
    const told = [...answers].map(([status, count]) => `${count} × ${status}`).join(', ')
    t.diagnostic(
      `${name}: ${told}; health ${Math.round(slowestMs)} ms; ${Math.round(peak / MIB)} of ${bound / MIB} MiB`
    )
    for (const status of answers.keys()) assert.ok([200, 413, 503].includes(status), `${name}: ${told}`)
    assert.ok(answers.size > 0, name)
    assert.ok(peak <= bound, `${name}: ${Math.round(peak / MIB)} MiB, of ${bound / MIB}`)
    await eventually('an honest sender is heard', () => isHeard(weir))
  }
  assert.ok(slowestMs < SLOWEST_HEALTH_MS, `${name}: ${slowestMs} ms until /healthz answered`)
}

async function isHeard(weir: Weir): Promise<boolean> {
  const point = { name: 'honest', attributes: { sender: 'one' }, time: Date.now(), value: 1 }
  return (await postOtlp(weir.otlp, deltaRequest([point]))).status === 200
}

/** The most memory the process ever had, where the system says so, or what it has now. */
async function peakRss(weir: Weir): Promise<number> {
  const status = await readFile(`/proc/${weir.pid}/status`, 'utf8').catch(() => '')
  const kib = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]
  return kib === undefined ? weir.metric('process_resident_memory_bytes') : Number(kib) * 1024
}
