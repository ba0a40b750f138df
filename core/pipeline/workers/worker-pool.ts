import type { Logger } from 'pino'
import { SharedMeter } from '../../batch/credit-meter.ts'
import { CreditPool } from '../../batch/credits.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { RequestName } from '../../plugin/context.ts'
import type { Plugin } from '../../plugin/contract.ts'
import type { Registry } from '../../plugin/registry.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { ReceiverSpec, WorkerData } from './messages.ts'
import { WorkerThread } from './worker-thread.ts'

export interface WorkerPoolOptions {
  /** The program of a worker. */
  readonly entry: URL
  readonly workers: number
  readonly limits: { readonly in_flight: number; readonly series: number }
  readonly logLevel: string
  readonly access: WorkerData['access']
  readonly tenantMemory: WorkerData['tenantMemory']
  readonly series: SeriesTable
  readonly registry: Registry
  readonly clock: Clock
  readonly log: Logger
}

/** The workers of a process. They are started with the first receiver that runs in them. */
export class WorkerPool {
  /** The main thread's credits, which the workers share. */
  readonly credits: CreditPool
  readonly threads: readonly WorkerThread[]
  readonly #registry: Registry
  readonly #requestsWanted = new Set<RequestName>()
  #nextKey = 0
  /** Receivers placed in one worker so far. */
  #placed = 0

  constructor(options: WorkerPoolOptions) {
    const { workers, limits, logLevel, access, tenantMemory, registry, log } = options
    const memory = SharedMeter.memoryFor(workers + 1)
    this.#registry = registry
    this.credits = new CreditPool(limits.in_flight, false, new SharedMeter(memory, 0))
    this.threads = Array.from(
      { length: workers },
      (_, i) =>
        new WorkerThread({
          ...options,
          data: {
            thread: i + 1,
            logLevel,
            inFlight: limits.in_flight,
            maxSeries: limits.series,
            access,
            tenantMemory,
            threads: workers + 1,
            credits: memory
          },
          logLine: line => logAgain(log, line),
          requestsWanted: () => [...this.#requestsWanted]
        })
    )
  }

  /** The workers for a receiver that can run `where`. Receivers that need one of them are spread. */
  place(where: 'one' | 'each'): readonly WorkerThread[] {
    return where === 'each' ? this.threads : [this.threads[this.#placed++ % this.threads.length]]
  }

  /** A processor asked for the requests of batches. */
  wantRequests(by: RequestName): void {
    this.#requestsWanted.add(by)
    for (const thread of this.threads) thread.wantRequests()
  }

  /** A receiver to be run in workers. */
  specOf(id: string, plugin: Plugin, config: unknown): ReceiverSpec {
    return { key: this.#nextKey++, id, type: plugin.type, config, source: this.#registry.sourceOf(plugin) }
  }

  expose(metrics: Metrics): void {
    const ofEach = (name: string, type: 'counter' | 'gauge', help: string, read: (thread: WorkerThread) => number) =>
      metrics.add({
        name,
        type,
        help,
        read: () => this.threads.map((thread, i) => ({ labels: { worker: String(i + 1) }, value: read(thread) }))
      })
    ofEach('weir_worker_restarts_total', 'counter', 'Times that a worker ended and was started anew.', t => t.restarts)
    ofEach(
      'weir_worker_series_table_bytes',
      'gauge',
      "Memory of a worker's own series table.",
      thread => thread.seriesBytes
    )
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map(thread => thread.close()))
  }
}

/** Writes a line of a worker's log to the log of the process. */
function logAgain(log: Logger, line: string): void {
  const { level, time: _time, msg, component, ...fields } = JSON.parse(line)
  const name = log.levels.labels[level] as 'info'
  log.child({ component })[name](fields, msg)
}
