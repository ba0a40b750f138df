import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from '../servers/free-port.ts'

const MAIN = path.join(import.meta.dirname, '../../core/main.ts')
const PACE = path.join(import.meta.dirname, '../../docs/examples/pace.ts')
const FATAL = path.join(import.meta.dirname, 'fatal-receiver.ts')
const STEPPING_CLOCK = path.join(import.meta.dirname, 'stepping-clock.ts')
const LATENESS_MS = 2000
const READY_TIMEOUT_MS = 60_000
/** Of the receivers and the admin server; those that end a worker follow. */
const PORTS_OF_ITS_OWN = 3
const OUTPUT_KEPT = 8_000

export interface MortalWeirOptions {
  /** Of its own: configuration, and ClickHouse where it is wanted. */
  readonly folder: string
  readonly journal: string
  /** `http://127.0.0.1:PORT` of a VictoriaMetrics. */
  readonly victoriaMetrics: string
  readonly clickHouse: boolean
  /** `http://127.0.0.1:PORT` of a Prometheus that takes remote write. */
  readonly prometheus?: string | undefined
  readonly shutdownTimeout?: string
  /** Its clock is set back and forth all the time. */
  readonly clockSteps?: boolean
  /** Plugins that hold batches stand before the windows, and behind them. */
  readonly paced?: boolean
  /** Threads that receive; by default the main thread does. */
  readonly workers?: number
}

/** A `weir run` that is killed and started again, always at the same addresses. */
export class MortalWeir {
  readonly otlp: string
  readonly events: string
  readonly admin: string
  kills = 0
  /** What its last life said. */
  said = ''
  #options: MortalWeirOptions
  #ports: readonly number[]
  #child: ChildProcess | undefined

  private constructor(options: MortalWeirOptions, ports: readonly number[]) {
    this.#options = options
    this.#ports = ports
    this.otlp = `http://127.0.0.1:${ports[0]}/v1/metrics`
    this.events = `http://127.0.0.1:${ports[1]}/v1/events`
    this.admin = `http://127.0.0.1:${ports[2]}`
  }

  /** Ends one of its workers, if it runs. Resolves to whether it did. */
  async endWorker(number: number): Promise<boolean> {
    const response = await fetch(`http://127.0.0.1:${this.#ports[PORTS_OF_ITS_OWN + number]}/`).catch(() => undefined)
    return response?.ok ?? false
  }

  static async prepare(options: MortalWeirOptions): Promise<MortalWeir> {
    const workers = Array.from({ length: options.workers ?? 0 }, freePort)
    const ports = [await freePort(), await freePort(), await freePort(), ...(await Promise.all(workers))]
    const weir = new MortalWeir(options, ports)
    await weir.reconfigure(LATENESS_MS)
    return weir
  }

  get #file(): string {
    return path.join(this.#options.folder, 'weir.yaml')
  }

  get pid(): number {
    return this.#child!.pid!
  }

  /** Writes a configuration that says when windows close; the next start or reload reads it. */
  async reconfigure(latenessMs: number): Promise<void> {
    await writeFile(this.#file, config(this.#options, this.#ports, latenessMs))
  }

  /** Resolves to whether it has reloaded; not where it is not there or not ready. */
  async reload(): Promise<boolean> {
    const response = await fetch(`${this.admin}/api/reload`, { method: 'POST' }).catch(() => undefined)
    await response?.text().catch(() => {})
    return response?.ok ?? false
  }

  /** Starts it and does not wait. */
  begin(): void {
    const { folder, clockSteps } = this.#options
    const preloaded = clockSteps ? ['--import', STEPPING_CLOCK] : []
    const child = spawn(process.execPath, [...preloaded, MAIN, 'run', '--config', this.#file], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe']
    })
    this.#child = child
    this.said = ''
    const keep = (text: Buffer) => {
      if (this.said.length < OUTPUT_KEPT) this.said += text
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
  }

  /** Resolves to how long it took, ms. */
  async ready(): Promise<number> {
    const begun = performance.now()
    while (performance.now() - begun < READY_TIMEOUT_MS) {
      if (this.#child!.exitCode !== null) throw new Error(`weir ended with ${this.#child!.exitCode}: ${this.said}`)
      const response = await fetch(`${this.admin}/readyz`).catch(() => undefined)
      await response?.arrayBuffer()
      if (response?.ok && this.said.includes('Weir is running')) return performance.now() - begun
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    throw new Error(`weir is not ready: ${this.said}`)
  }

  /** Ends it, and resolves to its exit code once it is gone. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    const child = this.#child
    if (child === undefined) return null
    if (child.exitCode !== null) throw new Error(`weir had ended by itself with ${child.exitCode}: ${this.said}`)
    const ended = once(child, 'close')
    child.kill(signal)
    await ended
    this.#child = undefined
    if (signal === 'SIGKILL') this.kills++
    return child.exitCode
  }
}

function config(
  {
    journal,
    victoriaMetrics,
    prometheus,
    clickHouse,
    shutdownTimeout = '30s',
    paced = false,
    workers = 1
  }: MortalWeirOptions,
  ports: readonly number[],
  latenessMs: number
): string {
  const [otlp, events, admin, ...fatal] = ports
  // Each goes to the next worker.
  const fatalIds = fatal.map((_, i) => `fatal/${i}`)
  const plugins = [...(paced ? [PACE] : []), ...(fatal.length > 0 ? [FATAL] : [])]
  const others = [...(clickHouse ? ['clickhouse'] : []), ...(prometheus ? ['victoriametrics/prometheus'] : [])]
  const exporters = `[${['victoriametrics', ...others].join(', ')}]`
  const [before, behind] = paced ? [', pace', ', pace/windows'] : ['', '']
  return `
plugins: ${JSON.stringify(plugins)}
receivers:
  otlp: { protocols: { http: { endpoint: 127.0.0.1:${otlp} } } }
  http: { endpoint: 127.0.0.1:${events} }
${fatal.map((port, i) => `  ${fatalIds[i]}: { port: ${port} }`).join('\n')}
processors:
  dedup/requests: { mode: request, window: 1h }
  dedup/events: { mode: event_id, window: 1h }
  windowed_counter: { windows: [1s, 10s], allowed_lateness: ${latenessMs}ms }
${paced ? '  pace: { items_per_second: 5000 }\n  pace/windows: { items_per_second: 20000 }' : ''}
exporters:
  victoriametrics:
    endpoint: ${victoriaMetrics}/api/v1/write
    timeout: 1s
    retry: { initial_interval: 100ms, max_interval: 500ms }
    # Small, so that much goes by way of the disk.
    queue: { max_size: 16KiB, order: any }
${clickHouse ? '  clickhouse: { embedded: ./clickhouse }' : ''}
${prometheus ? `  victoriametrics/prometheus: { endpoint: '${prometheus}/api/v1/write', exponential_histograms: le }` : ''}
service:
  workers: ${workers}
  admin: { endpoint: 127.0.0.1:${admin} }
  journal: { folder: ${journal}, segment_size: 64KiB, checkpoint_interval: 400ms }
  shutdown_timeout: ${shutdownTimeout}
  log: { level: warn }
  pipelines:
    requests: { receivers: [${['otlp', ...fatalIds].join(', ')}], processors: [dedup/requests${before}, windowed_counter${behind}], exporters: ${exporters} }
    events: { receivers: [http], processors: [dedup/events${before}, windowed_counter${behind}], exporters: ${exporters} }
`
}
