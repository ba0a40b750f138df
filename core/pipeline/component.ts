import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { DeadLetters } from '../journal/dead-letters.ts'
import type { SeriesRegistry } from '../model/series.ts'
import type { ComponentState, Context, Instruments } from '../plugin/context.ts'
import type { Kind } from '../plugin/contract.ts'
import { Account } from '../telemetry/account.ts'
import type { Clock } from '../telemetry/clock.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { admit } from './admit.ts'
import type { CreditPool } from './credits.ts'

/** What all components of a process share. */
export interface Services {
  readonly log: Logger
  readonly clock: Clock
  /** What processors take for the time. */
  readonly pipelineClock: Clock
  readonly series: SeriesRegistry
  readonly metrics: Metrics
  readonly credits: CreditPool
  readonly ownedCredits: CreditPool
  /** Whether there is a folder for state that outlives the process. */
  readonly durable: boolean
  /** Whether what came in is processed again after a crash. */
  readonly replayed: boolean
  readonly routes: Map<string, RequestHandler>
  readonly announcements: Announcement[]
  /** Whether a processor asked for the requests that batches come in: finding out costs receivers a hash. */
  requestsWanted: boolean
  /** Where what can never be delivered goes; undefined where it is dropped. */
  readonly deadLetters: DeadLetters | undefined
  /** Set once the admin server listens. */
  adminUrl: string
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
    const { account, id, log } = this
    const { clock, pipelineClock, series, credits, ownedCredits, durable, replayed, routes, announcements } = services
    return {
      id,
      log,
      clock: this.kind === 'processor' ? pipelineClock : clock,
      account,
      series,
      credits,
      ownedCredits,
      durable,
      replayed,
      instruments: this.#instruments(services.metrics),
      admin: {
        get url() {
          return services.adminUrl
        },
        route: (method, path, handler) => void routes.set(`${method} /api/${this.kind}s/${id}/${path}`, handler)
      },
      batch: (block, permit, onSettled, request) =>
        admit(
          { source: id, request: services.requestsWanted ? request : undefined },
          account,
          block,
          permit,
          onSettled
        ),
      wantRequests: () => {
        services.requestsWanted = true
      },
      announce: (what, command) => void announcements.push({ what, command }),
      status: (state, reason) => this.setStatus(state, reason)
    }
  }

  #instruments(metrics: Metrics): Instruments {
    const labels = { component: this.id, ...(this.pipeline === undefined ? {} : { pipeline: this.pipeline }) }
    const fullName = (name: string) => `weir_${this.kind}_${this.type}_${name}`
    return {
      counter(name, help) {
        let total = 0
        metrics.add({ name: fullName(name), help, type: 'counter', read: () => [{ labels, value: total }] })
        return { add: value => void (total += value) }
      },
      gauge(name, help, read) {
        metrics.add({ name: fullName(name), help, type: 'gauge', read: () => [{ labels, value: read() }] })
      }
    }
  }
}
