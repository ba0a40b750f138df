import type { RequestHandler } from 'express'
import type { Logger } from 'pino'
import type { CreditPool } from '../../batch/credits.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Access } from '../../plugin/access.ts'
import type { RequestName } from '../../plugin/context.ts'
import type { StoreRegistry } from '../../plugin/stores.ts'
import type { Tasks } from '../../plugin/tasks.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Metrics } from '../../telemetry/metrics.ts'
import type { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import type { SetAside } from '../dead-letters/set-aside.ts'
import type { DeadLetterStore } from '../dead-letters/store.ts'
import type { CooperativeScheduler } from '../ingest/cooperative.ts'
import type { EntrySettlements } from '../ingest/entry-settlements.ts'
import type { WorkerPool } from '../workers/worker-pool.ts'

/** Services that all components of a process share. */
export interface Services {
  readonly log: Logger
  readonly clock: Clock
  /** The clock of processors. */
  readonly pipelineClock: Clock
  readonly series: SeriesTable
  readonly metrics: Metrics
  readonly credits: CreditPool
  readonly outputBudget: CreditPool
  /** Pays for batches inside operators. With a journal nothing is forwarded while they are spent. */
  readonly heldCredits: CreditPool
  readonly settlements: SettlementTracker
  readonly cooperative: CooperativeScheduler
  /** True if there is a folder for state that outlives the process. */
  readonly durable: boolean
  /** While a reload hands state from the processors that were to those that will be. */
  isReloading: boolean
  /** True if entries are replayed after a crash. */
  readonly replayed: boolean
  /** With a journal: answers for batches that were acknowledged. Set before anything starts. */
  entrySettlements: EntrySettlements | undefined
  /** Set in a worker. */
  readonly sharedPorts?: Map<string, number> | undefined
  /** The threads of receivers. Undefined if there is only the main thread. */
  readonly workers?: WorkerPool | undefined
  /** Runs pipelines behind partitioned receivers. Undefined in workers and trials. */
  readonly tasks?: { of(receiver: string): Tasks } | undefined
  readonly access: Access
  readonly stores: StoreRegistry
  readonly routes: Map<string, RequestHandler>
  /** Sites of components on the admin server, by the path that comes before theirs. */
  readonly sites: Map<string, RequestHandler>
  readonly reports: Set<Report>
  readonly announcements: Announcement[]
  /** Names of requests that processors asked for: some cost receivers a hash. */
  readonly requestsWanted: Set<RequestName>
  /** The store of undeliverable batches. Undefined if they are dropped. */
  readonly deadLetters: DeadLetterStore | undefined
  readonly setAside: SetAside
  /** Set once the admin server listens. */
  adminUrl: string
}

/** A component's report about `name`, read on demand. */
export interface Report {
  readonly name: string
  readonly component: { readonly kind: string; readonly id: string; readonly pipeline: string | undefined }
  readonly read: () => object
}

/** A message of a component to the user at the start. */
export interface Announcement {
  readonly what: string
  readonly command: string | undefined
  /** The command shows what others have sent. */
  readonly isQuestion?: boolean
}
