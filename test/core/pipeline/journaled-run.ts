import type { RequestHandler } from 'express'
import pino from 'pino'
import { Subject } from 'rxjs'
import type { Batch } from '../../../core/batch/batch.ts'
import { CreditPool } from '../../../core/batch/credits.ts'
import type { ResolvedConfig } from '../../../core/config/resolved.ts'
import { ExportError } from '../../../core/errors.ts'
import { type PointBlock, PointBlockBuilder } from '../../../core/model/points.ts'
import type { Metric } from '../../../core/model/series.ts'
import { SeriesTable } from '../../../core/model/series-table/series-table.ts'
import { asInLastRun, type SavedPlan } from '../../../core/pipeline/checkpoint/plan.ts'
import { SettlementTracker } from '../../../core/pipeline/checkpoint/settlement-tracker.ts'
import { exposeDeadLetters } from '../../../core/pipeline/dead-letters/route.ts'
import { NOT_SET_ASIDE } from '../../../core/pipeline/dead-letters/set-aside.ts'
import { DeadLetterStore } from '../../../core/pipeline/dead-letters/store.ts'
import type { Component } from '../../../core/pipeline/graph/component.ts'
import type { Services } from '../../../core/pipeline/graph/services.ts'
import { buildTopology, type Topology } from '../../../core/pipeline/graph/topology.ts'
import { CooperativeScheduler } from '../../../core/pipeline/ingest/cooperative.ts'
import type { Ingress } from '../../../core/pipeline/ingest/ingress.ts'
import type { JournaledIngress } from '../../../core/pipeline/ingest/journaled-ingress.ts'
import type { Change } from '../../../core/pipeline/reload/diff.ts'
import { Reloader } from '../../../core/pipeline/reload/reloader.ts'
import { exportersAwaited, openDiskBuffers } from '../../../core/pipeline/sending-queue/open-disk-buffers.ts'
import { buildJournaled, recoverJournal } from '../../../core/pipeline/service/build-journaled.ts'
import { Runner } from '../../../core/pipeline/service/lifecycle.ts'
import { NO_ACCESS } from '../../../core/plugin/access.ts'
import type { Context } from '../../../core/plugin/context.ts'
import type { ExporterPlugin, ReceiverPlugin } from '../../../core/plugin/contract.ts'
import { StoreRegistry } from '../../../core/plugin/stores.ts'
import { type MetricFamily, Metrics } from '../../../core/telemetry/metrics.ts'
import { inOneLife } from '../journal/one-life.ts'
import type { SimulatedDisk } from '../journal/simulated-disk.ts'
import { ReplayAnswer, type ReplayReport } from './dead-letters/replay-answer.ts'
import { configOf, type RunOptions } from './journaled-config.ts'
import { SettableClock, type TestBackend } from './journaled-world.ts'
import { windowProcessor } from './window-processor.ts'

export const EPOCH = 1_700_000_000_000
export const FOLDER = '/journal'
const NEVER = new AbortController().signal
const STEP_MS = 20
export const STARTUP_MS = 5000
const TURNS_PER_STEP = 3
const LONGEST_REPLAY_MS = 60_000

export interface TestPoint {
  readonly series: string
  readonly time: number
  readonly value: number
  readonly kind?: 'counter' | 'gauge'
}

/** One life of a Weir with a journal on `disk`, from its start to a stop or a crash, driven by a clock of its own. */
export class JournaledRun {
  readonly clock: SettableClock
  readonly backend: TestBackend
  component!: Component
  topology!: Topology
  deadLetters!: DeadLetterStore
  services!: Services
  #disk: SimulatedDisk
  #options: RunOptions
  #dead = false
  #isOver = false
  #series = new SeriesTable()
  #metrics = new ReadableMetrics()
  #batches = new Subject<Batch>()
  #receiver!: Context
  #runner!: Runner
  #ingress!: JournaledIngress
  #reloader!: Reloader
  #replay!: RequestHandler
  #plugins = new Map<string, object>()

  private constructor(disk: SimulatedDisk, backend: TestBackend, options: RunOptions) {
    this.#disk = disk
    this.backend = backend
    this.#options = options
    this.clock = new SettableClock(options.now)
  }

  static async start(disk: SimulatedDisk, backend: TestBackend, options: RunOptions): Promise<JournaledRun> {
    const run = new JournaledRun(disk, backend, options)
    await run.#start()
    return run
  }

  /** Resolves to how the batch was settled; never, where the run ends before. */
  async push(points: readonly TestPoint[]): Promise<string> {
    const builder = new PointBlockBuilder()
    for (const { series, time, value, kind = 'counter' } of points) {
      const metric: Metric = { name: series, unit: '', description: '', kind, temporality: 'delta' }
      builder.add(this.#series.intern(metric, []), time, value)
    }
    const block = builder.build()
    const permit = this.#receiver.credits.tryTake(block.length)!
    const outcome = await new Promise<string>(resolve => {
      this.#batches.next(this.#receiver.batch(block, permit, ({ status }) => resolve(status)))
    })
    return this.#dead ? new Promise(() => {}) : outcome
  }

  async advance(ms: number): Promise<void> {
    for (let gone = 0; gone < ms; gone += STEP_MS) {
      this.clock.advance(Math.min(STEP_MS, ms - gone))
      await turns(TURNS_PER_STEP)
    }
  }

  /** Entries in the journal that processors have not had yet. */
  get unread(): number {
    return [...this.#metrics.families.get('weir_journal_unread_entries')!.read()][0].value
  }

  /** Number of the entry that processors get next. */
  get nextEntry(): number {
    return this.#ingress.nextEntry
  }

  /** A clean stop. Resolves to whether all was sent. */
  async stop(timeoutMs: number): Promise<boolean> {
    this.#isOver = true
    let drained: boolean | undefined
    const stopped = this.#reloader.settled.then(() => this.#runner.stop(timeoutMs))
    void stopped.then(result => (drained = result))
    while (drained === undefined) await this.advance(STEP_MS)
    this.#dead = true
    return drained
  }

  /** As `weir reload` with these options changed. Rejects where all is as before. */
  async reload(change: Partial<RunOptions>): Promise<Change[]> {
    const before = this.#options
    this.#options = { ...before, ...change }
    const reloaded = this.#reloader.reload(this.#config())
    let isDone = false
    void reloaded.catch(() => (this.#options = before)).finally(() => (isDone = true))
    while (!isDone && !this.#dead) await this.advance(STEP_MS)
    return this.#dead ? new Promise(() => {}) : reloaded
  }

  /** As `weir dlq replay`, time going by until it is told; undefined where the run ends before. */
  async replayDeadLetters(query: { readonly number?: string } = {}): Promise<ReplayReport | undefined> {
    const answer = new ReplayAnswer()
    void this.#replay({ query } as never, answer as never, () => {})
    for (let gone = 0; !answer.isEnded && !this.#dead; gone += STEP_MS) {
      if (gone > LONGEST_REPLAY_MS) throw new Error('the replay does not end')
      await this.advance(STEP_MS)
    }
    return this.#dead ? undefined : answer.report
  }

  /** The power goes. */
  crash(): void {
    this.#dead = true
    this.#disk.crash()
  }

  async #start(): Promise<void> {
    const { clock } = this
    const { now, outputBudgetBytes = 1 << 20, discardState = false, deadLetterBytes } = this.#options
    const disk = inOneLife(this.#disk)
    this.deadLetters = await this.#driven(DeadLetterStore.open(disk, `${FOLDER}/dead_letters`, deadLetterBytes))
    const recovered = await this.#driven(recoverJournal(FOLDER, now, discardState, disk))
    const services: Services = {
      log: pino({ level: 'silent' }),
      clock,
      pipelineClock: recovered.pipelineClock,
      series: this.#series,
      metrics: this.#metrics,
      credits: new CreditPool(1 << 20),
      outputBudget: new CreditPool(outputBudgetBytes, true),
      heldCredits: new CreditPool(1 << 20, true),
      settlements: new SettlementTracker(),
      cooperative: new CooperativeScheduler(),
      durable: true,
      isReloading: false,
      replayed: true,
      entrySettlements: undefined,
      requestsWanted: new Set(),
      access: NO_ACCESS,
      stores: new StoreRegistry(),
      routes: new Map(),
      sites: new Map(),
      reports: new Set(),
      announcements: [],
      setAside: NOT_SET_ASIDE,
      deadLetters: this.deadLetters,
      adminUrl: ''
    }
    this.services = services
    const wanted = this.#config()
    const plan = recovered.checkpoint?.plan as SavedPlan | undefined
    const config =
      plan === undefined
        ? wanted
        : await asInLastRun(
            plan,
            wanted,
            async type => wanted.components.processor.get(type)?.plugin ?? windowProcessor
          )
    const topology = buildTopology(config, services, exportersAwaited(recovered.checkpoint?.queuePositions))
    this.topology = topology
    const journal = {
      folder: FOLDER,
      segment_size: 2000,
      compression: 'none' as const,
      max_size: this.#options.maxSize ?? 1 << 20,
      checkpoint_interval: 700
    }
    const { component, ingress, stateBackend } = await this.#driven(
      buildJournaled(journal, recovered, topology, services, disk)
    )
    this.component = component
    this.#ingress = ingress
    this.#runner = new Runner(topology, {
      log: services.log,
      clock,
      ingress,
      stateBackend,
      startupTimeoutMs: STARTUP_MS
    })
    const attachDiskBuffers = (exporters: Topology['exporters'], positions: Parameters<typeof openDiskBuffers>[1]) =>
      openDiskBuffers(exporters, positions, FOLDER, services, { disk, areGapsAllowed: false })
    const delivery = {
      services,
      config,
      topology,
      components: [],
      ingress,
      stateBackend,
      tasks: undefined,
      attachDiskBuffers
    }
    this.#reloader = new Reloader(delivery, this.#runner)
    exposeDeadLetters(delivery)
    this.#replay = services.routes.get('post /api/dead-letters/replay')!
    await this.#driven(this.#runner.start(NEVER))
    if (config !== wanted) void this.#catchUp(ingress, wanted)
  }

  /** As a start under another configuration. */
  async #catchUp(ingress: Ingress, wanted: ResolvedConfig): Promise<void> {
    await ingress.replayCompleted(NEVER)
    if (!this.#isOver) await this.#reloader.reload(wanted).catch(() => {})
  }

  /** Lets time go by until `work` is done. */
  async #driven<T>(work: Promise<T>): Promise<T> {
    let isDone = false
    const done = work.finally(() => (isDone = true))
    done.catch(() => {})
    while (!isDone) await turns(1)
    return done
  }

  #config(): ResolvedConfig {
    const exporters = Object.entries({ backend: this.backend, ...this.#options.others })
    return configOf(this.#options, {
      receiver: this.#once('test', () => this.#receiverPlugin()),
      exporters: exporters.map(([id, backend]) => [id, this.#once(id, () => this.#exporterPlugin(backend))])
    })
  }

  /** As long as it runs a plugin is one object. */
  #once(id: string, make: () => object): object {
    const plugin = this.#plugins.get(id) ?? make()
    this.#plugins.set(id, plugin)
    return plugin
  }

  #receiverPlugin(): ReceiverPlugin {
    return {
      ports: { out: 'any' },
      create: (_: unknown, context: Context) => {
        const batches = new Subject<Batch>()
        const start = async () => {
          this.#receiver = context
          this.#batches = batches
        }
        return { batches$: batches, start, stop: async () => batches.complete() }
      }
    } as never
  }

  #exporterPlugin(backend: TestBackend): ExporterPlugin {
    return {
      ports: { in: 'any' },
      create: () => ({
        export: (block: PointBlock, signal: AbortSignal) => this.#export(block, backend, signal)
      })
    } as never
  }

  async #export(block: PointBlock, backend: TestBackend, signal: AbortSignal): Promise<void> {
    await turns(1)
    if (this.#dead || signal.aborted || backend.state === 'down') return new Promise(() => {})
    if (backend.state === 'refusing') throw new ExportError('not now', { retryable: true })
    if (backend.state === 'rejecting' || [...block.series].some(({ metric }) => backend.isPoison(metric.name)))
      throw new ExportError('never', { retryable: false, reason: 'rejected' })
    for (let i = 0; i < block.length; i++) {
      const { metric, attributes } = block.series.at(i)
      const labels = attributes.map(([key, value]) => `${key}=${value}`).join()
      backend.sent.push([`${metric.name}{${labels}}@${block.time[i]}`, block.value[i]])
    }
    if (backend.state === 'mute') throw Object.assign(new Error('connection reset'), { code: 'ECONNRESET' })
  }
}

export async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate)
}

/** Each can be read by itself, without waiting. */
class ReadableMetrics extends Metrics {
  readonly families = new Map<string, MetricFamily>()

  override add(family: MetricFamily): () => void {
    this.families.set(family.name, family)
    return super.add(family)
  }
}
