import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { freePort } from '../test/servers/free-port.ts'
import { otlpBodies } from './otlp-payload.ts'

export const SERIES = 50_000
export const POINTS_PER_BODY = 1000
const BODIES = 50
const CONNECTIONS = 16
const CATCH_UP_POLL_MS = 50
// Field 3 (time_unix_nano) of a point, fixed64.
const TIME_TAG = 0x19
/** As `weir` and `npm start` run it. */
const NODE_FLAGS = ['--min-semi-space-size=64', '--max-semi-space-size=64']
const ROOT = path.join(import.meta.dirname, '..')

/** What a Weir says of itself. */
export interface Reading {
  /** ms */
  readonly at: number
  /** Points so far that `windowed_counter` has. */
  readonly processed: number
  /** Seconds. */
  readonly cpu: number
  /** Bytes. */
  readonly rss: number
  readonly unaccounted: number
}

/** A Weir of its own: OTLP/HTTP protobuf → windowed_counter → debug without a word. */
export class LoadedWeir {
  #process: ChildProcess
  #otlpPort: number
  #adminPort: number
  #journal: string
  #agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  #bodies: { readonly body: Buffer; readonly times: readonly number[] }[]

  private constructor(process: ChildProcess, otlpPort: number, adminPort: number, journal: string) {
    this.#process = process
    this.#otlpPort = otlpPort
    this.#adminPort = adminPort
    this.#journal = journal
    const timeMs = Date.now()
    this.#bodies = otlpBodies({ series: SERIES, bodies: BODIES, timeMs }).map(body => ({
      body,
      times: timeOffsets(body, timeMs)
    }))
  }

  /** @param pinned to the first core */
  static async start({
    journal,
    pinned
  }: {
    readonly journal: boolean
    readonly pinned: boolean
  }): Promise<LoadedWeir> {
    const folder = mkdtempSync(path.join(tmpdir(), 'weir-bench-'))
    const [otlpPort, adminPort] = [await freePort(), await freePort()]
    const files = ['bench/pipeline.yaml', ...(journal ? ['bench/journal.yaml'] : [])]
    const configs = files.flatMap(file => ['--config', file])
    const ports = { BENCH_OTLP_PORT: String(otlpPort), BENCH_ADMIN_PORT: String(adminPort) }
    const command = [
      ...(pinned ? ['taskset', '-c', '0'] : []),
      process.execPath,
      ...NODE_FLAGS,
      'core/main.ts',
      'run',
      ...configs
    ]
    const started = spawn(command[0], command.slice(1), {
      cwd: ROOT,
      env: { ...process.env, ...ports, BENCH_JOURNAL: folder },
      stdio: ['ignore', 'pipe', 'inherit']
    })
    await new Promise(resolve => started.stdout!.once('data', resolve))
    return new LoadedWeir(started, otlpPort, adminPort, folder)
  }

  get bytesPerPoint(): number {
    return Math.round(this.#bodies[0].body.length / POINTS_PER_BODY)
  }

  /** As much as it takes. */
  async flood(ms: number): Promise<void> {
    const end = performance.now() + ms
    const send = async (first: number) => {
      for (let i = first; performance.now() < end; i += CONNECTIONS) await this.#post(i)
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => send(i)))
  }

  /** Requests on a schedule, whether or not the ones before are answered. Returns how long each reply took, ms. */
  async pace(requestsPerSecond: number, ms: number): Promise<number[]> {
    const latencies: number[] = []
    const begun = performance.now()
    const sent: Promise<void>[] = []
    for (let i = 0; ; i++) {
      const due = begun + (i * 1000) / requestsPerSecond
      if (due >= begun + ms) break
      const ahead = due - performance.now()
      if (ahead > 0) await sleep(ahead)
      // From when it was due: one that had to wait for those before took that long too.
      sent.push(this.#post(i).then(() => void latencies.push(performance.now() - due)))
    }
    await Promise.all(sent)
    return latencies
  }

  /** With a journal: until what was acknowledged is processed. */
  async caughtUp(): Promise<void> {
    while (gaugeOf('weir_journal_unread_entries', await this.#metrics()) > 0) await sleep(CATCH_UP_POLL_MS)
  }

  async reading(): Promise<Reading> {
    const text = await this.#metrics()
    const value = (name: string) => gaugeOf(name, text)
    const unaccounted = [...text.matchAll(/^weir_unaccounted_items.* (\S+)$/gm)]
    return {
      at: performance.now(),
      processed: value('weir_received_items_total{kind="processor",component="windowed_counter",pipeline="metrics"}'),
      cpu: value('process_cpu_seconds_total'),
      rss: value('process_resident_memory_bytes'),
      unaccounted: unaccounted.reduce((sum, [, n]) => sum + Math.abs(Number(n)), 0)
    }
  }

  async stop(): Promise<void> {
    this.#agent.destroy()
    this.#process.kill('SIGTERM')
    await new Promise(resolve => this.#process.once('exit', resolve))
    rmSync(this.#journal, { recursive: true })
  }

  async #metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.#adminPort}/metrics`)).text()
  }

  #post(i: number): Promise<void> {
    const { body, times } = this.#bodies[i % BODIES]
    const now = BigInt(Date.now()) * 1_000_000n
    for (const at of times) body.writeBigUInt64LE(now, at)
    return new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length }
      const options = { port: this.#otlpPort, path: '/v1/metrics', method: 'POST', agent: this.#agent, headers }
      const sent = request(options, response => {
        if (response.statusCode !== 200) reject(new Error(`answered ${response.statusCode}`))
        response.resume().once('end', resolve)
      })
      sent.once('error', reject).end(body)
    })
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

/** NaN where it is not there. */
function gaugeOf(name: string, metrics: string): number {
  return Number(metrics.match(new RegExp(`^${name} (.*)$`, 'm'))?.[1])
}

function timeOffsets(body: Buffer, timeMs: number): number[] {
  const needle = Buffer.alloc(9)
  needle[0] = TIME_TAG
  needle.writeBigUInt64LE(BigInt(timeMs) * 1_000_000n, 1)
  const offsets: number[] = []
  for (let at = body.indexOf(needle); at >= 0; at = body.indexOf(needle, at + 9)) offsets.push(at + 1)
  return offsets
}
