import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { SchedulerLike } from 'rxjs'
import type { Batch, Origin, Outcome } from '../batch/batch.ts'
import type { CreditPool, Permit } from '../batch/credits.ts'
import type { Block } from '../model/block.ts'
import type { SeriesTable } from '../model/series-table/series-table.ts'
import type { Account } from '../telemetry/account.ts'
import type { Clock } from '../telemetry/clock.ts'
import type { Access } from './access.ts'
import type { Stores } from './stores.ts'
import type { Tasks } from './tasks.ts'

/** All that a component gets from its host. */
export interface Context {
  /** As in the YAML: `otlp` or `otlp/edge`. */
  readonly id: string
  readonly log: Logger
  /** The only source of time. */
  readonly clock: Clock
  /** The same time for RxJS's operators: `delay(1000, context.scheduler)`. */
  readonly scheduler: SchedulerLike
  readonly account: Account
  readonly series: SeriesTable
  /** Credits for data on its way through: receivers buy before they decode. */
  readonly credits: CreditPool
  /** Credits for blocks that a processor owns and sends later, such as closed windows. */
  readonly outputBudget: CreditPool
  /** True if the host keeps the result of `snapshot` until the next start. If not, flush when the stream completes. */
  readonly durable: boolean
  /**
   * True if entries are replayed after a crash. Then the output must follow from the input and `clock` alone, not from
   * credits or from how fast exporters are.
   */
  readonly replayed: boolean
  /**
   * Set if the receiver runs in each worker: the ports that its servers share with those of the other workers
   * (`reusePort`), by endpoint as it is configured. The first worker finds none, and adds them.
   */
  readonly sharedPorts: Map<string, number> | undefined
  /** Set for a receiver that is `partitioned`. */
  readonly tasks: Tasks | undefined
  readonly access: Access
  readonly stores: Stores
  readonly instruments: Instruments
  readonly admin: AdminRoutes
  /**
   * For receivers: a batch that came in, booked in the ledger. `onSettled` is called once, maybe at once. `request`:
   * see `Origin`.
   */
  batch(block: Block, permit: Permit, onSettled?: (outcome: Outcome) => void, request?: Origin['request']): Batch
  /**
   * For receivers: keeps items that it refuses, though they are whole, as a dead letter. Resolves to false if there are no
   * dead letters, or no room. Books nothing. `request`: see `Origin`; not that of a batch.
   */
  setAside(block: Block, refusal: Refusal, request?: Origin['request']): Promise<boolean>
  /**
   * For processors: a batch of its own. Checkpoints wait for it. `onSettled` is called once. If the batch was `nacked`
   * it is the processor's again, and part of its snapshots.
   */
  outputBatch(block: Block, permit: Permit, onSettled: (outcome: Outcome) => void): Batch
  /**
   * For `restore`: a batch that the processor held in its snapshot. The host answers for it. `again` is given the batch
   * anew if it was nacked and the host cannot put it anywhere else.
   */
  adopt(origin: Origin, block: Block, again: (batch: Batch) => void): Batch
  /**
   * For processors: much work in pieces of some milliseconds, so that replies need not wait for all of it. `step` is
   * called until it returns false. With a journal nothing comes in and no time goes by before that, as if it were done
   * at once; without, batches may come in between. `snapshot` has to finish it.
   */
  inSteps(step: () => boolean): void
  /**
   * For processors, in `create`: asks receivers to say which request a batch came in (`batch.origin.request`). By default
   * each request has a name made of its bytes.
   */
  wantRequests(by?: RequestName): void
  /** For receivers: names that processors asked for. */
  readonly requestsWanted: ReadonlySet<RequestName>
  /**
   * Tells the user, once ready, about an offer of this component and a command to try it: `announce('OTLP/HTTP on
   * http://127.0.0.1:4318', "curl …")`.
   */
  announce(what: string, command?: string): void
  /** Shown on the admin page and in `/healthz`. A component is `ok` until it says otherwise. */
  status(state: ComponentState, reason?: string): void
}

/** What tells requests apart: their bytes, or the number that their client gave them, if there is one. */
export type RequestName = 'bytes' | 'client'

/** Why items are refused. */
export interface Refusal {
  /** As in the ledger. */
  readonly reason: string
  /** In words, for people. */
  readonly error: string
}

export type ComponentState = 'ok' | 'degraded' | 'failed'

/** A component's own metrics, named `weir_<kind>_<type>_<name>` and labelled with its id. */
export interface LabelledValue {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Instruments {
  /**
   * Only grows. Counters end in `_total`. The value is the sum of all additions, or the result of `read` at each
   * scrape.
   */
  counter(name: string, help: string, read?: () => number): { add(value: number): void }
  /** Read when somebody looks. */
  gauge(name: string, help: string, read: () => number): void
  /** The same with several values, by labels of their own. */
  gauges(name: string, help: string, read: () => Iterable<LabelledValue>): void
}

export interface AdminRoutes {
  /** `http://host:port` of the admin server, from `start` on. */
  readonly url: string
  /** Serves `handler` on the admin server at `/api/<kind>s/<id>/<path>`. */
  route(method: 'get' | 'post', path: string, handler: RequestHandler): void
  /** Serves `handler` on the admin server at all paths below `/api/<kind>s/<id>`, which it sees without that part. */
  site(handler: RequestHandler): void
  /**
   * A report of this component on `name`, as JSON. `GET /<name>` on the admin server answers with the reports of all
   * components on it. `read` is called for each request.
   */
  report(name: string, read: () => object): void
}
