// OTLP/HTTP protobuf → windowed_counter → debug without a word: points a second through one process on one core, while
// the sender has the other. `node bench/pipeline.ts [--journal] [seconds]`
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../test/servers/free-port.ts'
import { otlpBodies } from './otlp-payload.ts'

const SERIES = 50_000
const BODIES = 50
const POINTS_PER_BODY = 1000
const CONNECTIONS = 16
const WARM_UP_S = 5
// Field 3 (time_unix_nano) of a point, fixed64.
const TIME_TAG = 0x19

const withJournal = process.argv.includes('--journal')
const measureSeconds = Number(process.argv.slice(2).find(argument => argument !== '--journal') ?? 15)
const journalFolder = mkdtempSync(path.join(tmpdir(), 'weir-bench-'))
const root = path.join(import.meta.dirname, '..')
const [otlpPort, adminPort] = [await freePort(), await freePort()]
const configs = ['bench/pipeline.yaml', ...(withJournal ? ['bench/journal.yaml'] : [])].flatMap(file => [
  '--config',
  file
])
const weir = spawn('taskset', ['-c', '0', process.execPath, 'core/main.ts', 'run', ...configs], {
  cwd: root,
  env: {
    ...process.env,
    BENCH_OTLP_PORT: String(otlpPort),
    BENCH_ADMIN_PORT: String(adminPort),
    BENCH_JOURNAL: journalFolder
  },
  stdio: ['ignore', 'pipe', 'inherit']
})
await new Promise(resolve => weir.stdout.once('data', resolve))

const buildTime = Date.now()
const bodies = otlpBodies({ series: SERIES, bodies: BODIES, timeMs: buildTime }).map(body => ({
  body,
  times: timeOffsets(body, buildTime)
}))
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
let sending = true
const senders = Array.from({ length: CONNECTIONS }, (_, i) => sendForever(i))

await sleep(WARM_UP_S * 1000)
const from = await reading()
await sleep(measureSeconds * 1000)
const to = await reading()
sending = false
await Promise.all(senders)
weir.kill('SIGTERM')
await new Promise(resolve => weir.once('exit', resolve))
rmSync(journalFolder, { recursive: true })

const points = to.received - from.received
const wall = (to.at - from.at) / 1000
const cpu = to.cpu - from.cpu
console.log(
  `${(points / wall / 1e6).toFixed(2)} M points/s (${(points / cpu / 1e6).toFixed(2)} M per CPU second, ${Math.round((cpu / wall) * 100)} % of a core)`
)
console.log(
  `${SERIES} series, ${POINTS_PER_BODY} points a request, ${Math.round(bodies[0].body.length / POINTS_PER_BODY)} bytes a point; resident ${Math.round(to.rss / 2 ** 20)} MiB; unaccounted ${to.unaccounted}`
)

async function sendForever(first: number): Promise<void> {
  for (let i = first; sending; i = (i + CONNECTIONS) % bodies.length) {
    const { body, times } = bodies[i]
    const now = BigInt(Date.now()) * 1_000_000n
    for (const at of times) body.writeBigUInt64LE(now, at)
    await post(body)
  }
}

function post(body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
    const sent = request({ port: otlpPort, path: '/v1/metrics', method: 'POST', agent, headers }, response => {
      if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`))
      response.resume().once('end', resolve)
    })
    sent.once('error', reject).end(body)
  })
}

function timeOffsets(body: Buffer, timeMs: number): number[] {
  const needle = Buffer.alloc(9)
  needle[0] = TIME_TAG
  needle.writeBigUInt64LE(BigInt(timeMs) * 1_000_000n, 1)
  const offsets: number[] = []
  for (let at = body.indexOf(needle); at >= 0; at = body.indexOf(needle, at + 9)) offsets.push(at + 1)
  return offsets
}

async function reading(): Promise<{ at: number; received: number; cpu: number; rss: number; unaccounted: number }> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text()
  const value = (name: string) => Number(text.match(new RegExp(`^${name} (.*)$`, 'm'))?.[1])
  const unaccounted = [...text.matchAll(/^weir_unaccounted_items.* (\S+)$/gm)].reduce(
    (sum, [, n]) => sum + Math.abs(Number(n)),
    0
  )
  return {
    at: performance.now(),
    received: value('weir_received_items_total{kind="receiver",component="otlp"}'),
    cpu: value('process_cpu_seconds_total'),
    rss: value('process_resident_memory_bytes'),
    unaccounted
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
