import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestContext } from 'node:test'
import type { ComponentReport } from '../../core/admin/component-report.ts'
import type { StatusReport } from '../../core/admin/status.ts'
import { eventually } from './eventually.ts'

export const ROOT = path.join(import.meta.dirname, '../..')
const MAIN = path.join(ROOT, 'core/main.ts')
/** A worker tells the books of its receivers at most so much later. */
const WORKER_REPORT_MS = 20

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** What a command that ended by itself left behind. */
export interface Finished extends Ended {
  readonly stdout: string
  readonly stderr: string
}

/** Drops a test expects, by component (`receiver otlp`) and reason. All others are failures. */
export type ExpectedDrops = Readonly<Record<string, Readonly<Record<string, number>>>>

/** A temporary folder and the processes that run in it. All are gone when the test has ended. */
export class Sandbox {
  readonly folder: string
  /** Where {@link start} writes what it is given. */
  configFile = 'weir.yaml'
  #children: ChildProcess[] = []

  private constructor(folder: string) {
    this.folder = folder
  }

  static async open(t: Pick<TestContext, 'after'>): Promise<Sandbox> {
    const sandbox = new Sandbox(await mkdtemp(path.join(tmpdir(), 'weir-e2e-')))
    t.after(() => sandbox.#close())
    return sandbox
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  /** Starts `weir run` on `config` (YAML) and waits until it is ready. */
  async start(config: string, ...args: string[]): Promise<Weir> {
    const weir = await this.begin(config, ...args)
    await weir.ready()
    return weir
  }

  /** Starts `weir run` and does not wait. `args` come first, so that `config` is merged over files they name. */
  async begin(config: string, ...args: string[]): Promise<Weir> {
    const file = this.path(this.configFile)
    await writeFile(file, config)
    return new Weir(this.#node(MAIN, 'run', ...args, '--config', file))
  }

  /** Runs any other command of Weir to its end. */
  async weir(...args: string[]): Promise<Finished> {
    return finished(this.#node(MAIN, ...args))
  }

  /** Runs a program to its end, as from a shell in `cwd`. */
  async run(program: string, args: readonly string[], cwd = this.folder): Promise<Finished> {
    return finished(this.#spawn(program, args, cwd))
  }

  #node(...args: string[]): ChildProcess {
    return this.#spawn(process.execPath, args, this.folder)
  }

  #spawn(program: string, args: readonly string[], cwd: string): ChildProcess {
    const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#children.push(child)
    return child
  }

  async #close(): Promise<void> {
    const running = this.#children.filter(child => child.exitCode === null && child.signalCode === null)
    for (const child of running) {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** A running `weir run`. Its endpoints are those it prints, so that configurations can leave ports to the kernel. */
export class Weir {
  stdout = ''
  stderr = ''
  /** From the spawn until the line "Weir is running", ms. */
  timeToReadyMs = Number.NaN
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #begun = performance.now()

  constructor(child: ChildProcess) {
    this.#child = child
    child.stdout!.setEncoding('utf8').on('data', text => {
      this.stdout += text
      if (Number.isNaN(this.timeToReadyMs) && this.stdout.includes('Weir is running'))
        this.timeToReadyMs = performance.now() - this.#begun
    })
    child.stderr!.setEncoding('utf8').on('data', text => (this.stderr += text))
    this.ended = once(child, 'close').then(([code, signal]) => ({ code, signal }))
  }

  get pid(): number {
    return this.#child.pid!
  }

  /** `http://127.0.0.1:PORT` */
  get admin(): string {
    return this.#announced(/Status page on (http:\S+?)\/?$/m)
  }

  /** URL of the Prometheus API. */
  get queryApi(): string {
    return this.#announced(/Prometheus API on (http:\S+)/)
  }

  /** URL for POST of OTLP metrics. */
  get otlp(): string {
    return this.#announced(/OTLP\/HTTP on (http:\S+)/)
  }

  /** `host:port` of OTLP/gRPC. */
  get otlpGrpc(): string {
    return this.#announced(/OTLP\/gRPC on (\S+)/)
  }

  /** URL for POST of events. */
  get events(): string {
    return this.#announced(/HTTP events on (http:\S+)/)
  }

  /** URL of the exporter for scrapers. */
  get prometheus(): string {
    return this.#announced(/Prometheus metrics on (http:\S+)/)
  }

  get statsdPort(): number {
    return Number(this.#announced(/StatsD on udp \S+:(\d+)/))
  }

  /** The commands it printed under "Try it:". */
  get commands(): string[] {
    const [, list = ''] = /^Try it:\n((?: {2}.+\n)*)/m.exec(this.stdout) ?? []
    return list.split('\n').flatMap(line => (line === '' ? [] : [line.trim()]))
  }

  async ready(): Promise<void> {
    const ended = this.ended.then(({ code }) =>
      assert.fail(`weir ended with ${code} before it was ready: ${this.said}`)
    )
    const ready = eventually('Weir is ready', async () => {
      const response = await fetch(`${this.admin}/readyz`)
      await response.arrayBuffer()
      return !Number.isNaN(this.timeToReadyMs) && response.ok
    })
    await Promise.race([ready, ended])
  }

  async status(): Promise<StatusReport> {
    return (await fetch(`${this.admin}/api/status`)).json() as Promise<StatusReport>
  }

  /** @param name as in `receiver otlp`; a processor's without its pipeline */
  async component(name: string): Promise<ComponentReport> {
    const { components } = await this.status()
    const found = components.find(({ kind, id }) => `${kind} ${id}` === name)
    assert.ok(found, `there is no ${name}`)
    return found
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.admin}/metrics`)).text()
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]
    assert.ok(value, `/metrics has no ${name}`)
    return Number(value)
  }

  /** What went in is somewhere, and nothing is gone but what is expected to. */
  async assertLedger(expected: ExpectedDrops = {}): Promise<StatusReport> {
    const status = await this.status()
    for (const { kind, id, account } of status.components) {
      assert.equal(account.imbalance, 0, `${kind} ${id}: ${JSON.stringify(account)}`)
      assert.deepEqual(account.dropped, expected[`${kind} ${id}`] ?? {}, `what ${kind} ${id} dropped`)
    }
    return status
  }

  /**
   * Everything that came in has been answered for: nothing is on its way or waits to be stored, and the books stand
   * still. Those of workers come a moment after the answer to a sender.
   */
  async settled(): Promise<void> {
    let before = ''
    const standsStill = async () => {
      const accounts = (await this.status()).components.map(({ account }) => account)
      const [last, now] = [before, JSON.stringify(accounts)]
      before = now
      return last === now && accounts.every(({ inFlight }) => inFlight === 0)
    }
    await eventually('all is settled', standsStill, { pollMs: 2 * WORKER_REPORT_MS })
  }

  /** Asks it to end and waits until it has. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.signal(signal)
    return this.ended
  }

  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal)
  }

  /** As a power cut would. */
  kill(): Promise<Ended> {
    return this.stop('SIGKILL')
  }

  get said(): string {
    return `\n${this.stdout}\n${this.stderr}`
  }

  #announced(pattern: RegExp): string {
    const found = pattern.exec(this.stdout)?.[1]
    assert.ok(found, `it did not print ${pattern}: ${this.said}`)
    return found
  }
}

async function finished(child: ChildProcess): Promise<Finished> {
  let stdout = ''
  let stderr = ''
  child.stdout!.setEncoding('utf8').on('data', text => (stdout += text))
  child.stderr!.setEncoding('utf8').on('data', text => (stderr += text))
  const [code, signal] = await once(child, 'close')
  return { code, signal, stdout, stderr }
}
