import { CreditPool } from '../../batch/credits.ts'
import { NO_ACCESS } from '../../plugin/access.ts'
import { StoreRegistry } from '../../plugin/stores.ts'
import { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import { NOT_SET_ASIDE } from '../dead-letters/set-aside.ts'
import { CooperativeScheduler } from '../ingest/cooperative.ts'
import type { Services } from './services.ts'

/** Services for components that process nothing: there are no pipelines, checkpoints or admin server beside them. */
export function idleServices() {
  return {
    outputBudget: new CreditPool(0),
    heldCredits: new CreditPool(0, true),
    settlements: new SettlementTracker(),
    cooperative: new CooperativeScheduler(),
    durable: false,
    isReloading: false,
    replayed: false,
    entrySettlements: undefined,
    access: NO_ACCESS,
    stores: new StoreRegistry(),
    routes: new Map(),
    sites: new Map(),
    reports: new Set(),
    announcements: [],
    deadLetters: undefined,
    setAside: NOT_SET_ASIDE,
    adminUrl: ''
  } satisfies Partial<Services>
}
