import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import { Batch } from '../../batch/batch.ts'
import type { CreditPool } from '../../batch/credits.ts'
import { admit } from '../../batch/received-batch.ts'
import type { SeriesRegistry } from '../../model/series.ts'
import type { ComponentState, Context, Instruments } from '../../plugin/context.ts'
import type { Kind } from '../../plugin/contract.ts'
import { ClockScheduler } from '../../plugin/scheduler.ts'
import { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import { ComponentClock } from '../../telemetry/component-clock.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import { VirtualClock } from '../../telemetry/virtual-clock.ts'
import type { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import { trackedBatch } from '../checkpoint/tracked-batch.ts'
import type { DeadLetterStore } from '../dead-letters/store.ts'
import type { CooperativeScheduler } from '../ingest/cooperative.ts'
import type { EntrySettlements } from '../ingest/entry-settlements.ts'
import type { StageHost } from '../stage/stage.ts'

/** What all components of a process share. */
export interface Services {
  readonly log: Logger
  readonly clock: Clock
  /** What processors take for the time. */
  readonly pipelineClock: Clock
  readonly series: SeriesRegistry
  readonly metrics: Metrics
  readonly credits: CreditPool
  readonly outputBudget: CreditPool
  /** Of what is inside operators; with a journal nothing more is forwarded while they are spent. */
  readonly heldCredits: CreditPool
  readonly settlements: SettlementTracker
  readonly steps: CooperativeScheduler
  /** Whether there is a folder for state that outlives the process. */
  readonly durable: boolean
  /** While a reload hands state from the processors that were to those that will be. */
  isReloading: boolean
  /** Whether what came in is processed again after a crash. */
  readonly replayed: boolean
  /** With a journal: answers for batches that were acknowledged. Set before anything starts. */
  entrySettlements: EntrySettlements | undefined
  readonly routes: Map<string, RequestHandler>
  readonly reports: Set<Report>
  readonly announcements: Announcement[]
  /** Whether a processor asked for the requests that batches come in: finding out costs receivers a hash. */
  requestsWanted: boolean
  /** Where what can never be delivered goes; undefined where it is dropped. */
  readonly deadLetters: DeadLetterStore | undefined
  /** Set once the admin server listens. */
  adminUrl: string
}

/** What a component has to say of `name` when somebody asks. */
export interface Report {
  readonly name: string
  readonly component: Component
  readonly read: () => object
}

/** What a component tells the user at the start. */
export interface Announcement {
  readonly what: string
  readonly command: string | undefined
}

/** A component as it runs: identity, books, state. A processor has one for each pipeline it stands in. */
export class Component {
  readonly kind: Kind | 'journal'
  readonly id: string
  readonly type: string
  /** Of a processor; a receiver or exporter may serve several. */
  readonly pipeline: string | undefined
  readonly account = new Account()
  readonly log: Logger
  state: ComponentState = 'ok'
  reason: string | undefined
  /** It will not be there any more after a reload: what it holds must go out, though there is a place to keep it. */
  isLeaving = false
  #dispose: (() => void)[] = []
  #clock: ComponentClock | undefined
  #context: Context | undefined

  constructor(kind: Kind | 'journal', id: string, pipeline: string | undefined, log: Logger) {
    this.kind = kind
    this.id = id
    this.type = id.split('/')[0]
    this.pipeline = pipeline
    this.log = log.child({ component: this.name })
  }

  /** Unique in the process: `exporter clickhouse`, `processor windowed_counter in metrics`. */
  get name(): string {
    return `${this.kind} ${this.id}${this.pipeline === undefined ? '' : ` in ${this.pipeline}`}`
  }

  setStatus(state: ComponentState, reason?: string): void {
    this.state = state
    this.reason = reason
  }

  context(services: Services): Context {
    this.#context ??= this.#makeContext(services)
    return this.#context
  }

  /** For the stage of a processor, whose context was made. */
  stageHost(services: Services): StageHost {
    const { clock, heldCredits, replayed } = services
    return {
      context: this.context(services),
      clock: this.#clock!,
      machineClock: clock,
      heldCredits,
      replayed,
      isReloading: () => services.isReloading
    }
  }

  #makeContext(services: Services): Context {
    const { account, id, log } = this
    const { clock, pipelineClock, series, credits, outputBudget, replayed, routes, reports, announcements } = services
    const hostTime = pipelineClock instanceof VirtualClock ? pipelineClock.of(this.name) : pipelineClock
    this.#clock = new ComponentClock(this.kind === 'processor' ? hostTime : clock)
    const isDurable = () => (services.durable || services.isReloading) && !this.isLeaving
    return {
      id,
      log,
      clock: this.#clock,
      scheduler: new ClockScheduler(this.#clock),
      account,
      series,
      credits,
      outputBudget,
      get durable() {
        return isDurable()
      },
      replayed,
      instruments: this.#instruments(services.metrics),
      admin: {
        get url() {
          return services.adminUrl
        },
        route: (method, path, handler) => {
          const route = `${method} /api/${this.kind}s/${id}/${path}`
          routes.set(route, handler)
          this.#dispose.push(() => routes.get(route) === handler && routes.delete(route))
        },
        report: (name, read) => {
          const report = { name, component: this, read }
          reports.add(report)
          this.#dispose.push(() => reports.delete(report))
        }
      },
      batch: (block, permit, onSettled, request) =>
        admit(
          { source: id, request: services.requestsWanted ? request : undefined },
          account,
          block,
          permit,
          onSettled
        ),
      outputBatch: (block, permit, onSettled) =>
        trackedBatch(services.settlements, { source: id }, block, onSettled, permit),
      adopt: (origin, block, again) =>
        services.entrySettlements?.adopt(origin, block, this.pipeline!, again) ?? Batch.of(origin, block),
      inSteps: step => services.steps.add(step),
      wantRequests: () => {
        services.requestsWanted = true
      },
      announce: (what, command) => void announcements.push({ what, command }),
      status: (state, reason) => this.setStatus(state, reason)
    }
  }

  /** Takes away its metrics, routes and reports. */
  dispose(): void {
    for (const dispose of this.#dispose.splice(0)) dispose()
  }

  #instruments(metrics: Metrics): Instruments {
    const labels = { component: this.id, ...(this.pipeline === undefined ? {} : { pipeline: this.pipeline }) }
    const add = (name: string, help: string, type: 'counter' | 'gauge', read: () => number) => {
      const family = { name: `weir_${this.kind}_${this.type}_${name}`, help, type }
      this.#dispose.push(metrics.add({ ...family, read: () => [{ labels, value: read() }] }))
    }
    return {
      counter(name, help, read) {
        let total = 0
        add(name, help, 'counter', read ?? (() => total))
        return { add: value => void (total += value) }
      },
      gauge: (name, help, read) => add(name, help, 'gauge', read)
    }
  }
}
