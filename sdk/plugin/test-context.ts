import pino from 'pino'
import { CreditPool } from '../../core/batch/credits.ts'
import { receivedBatch } from '../../core/batch/received-batch.ts'
import { SeriesTable } from '../../core/model/series-table/series-table.ts'
import { SettlementTracker } from '../../core/pipeline/checkpoint/settlement-tracker.ts'
import { trackedBatch } from '../../core/pipeline/checkpoint/tracked-batch.ts'
import { NO_ACCESS } from '../../core/plugin/access.ts'
import type { Context, RequestName } from '../../core/plugin/context.ts'
import { ClockScheduler } from '../../core/plugin/scheduler.ts'
import { StoreRegistry } from '../../core/plugin/stores.ts'
import { Account } from '../../core/telemetry/account.ts'
import { ComponentClock } from '../../core/telemetry/component-clock.ts'
import { VirtualClock } from '../../core/telemetry/virtual-clock.ts'

const POOL_BYTES = 64 * 2 ** 20
const ADOPTED_AGAIN_MS = 1000

/** Services of a host without a configuration, a folder or other components. */
const LONE_HOST = {
  durable: false,
  replayed: false,
  sharedPorts: undefined,
  tasks: undefined,
  access: NO_ACCESS,
  requestsWanted: new Set<RequestName>()
}

/** A clock that stands still until told. */
export class FakeClock extends ComponentClock {
  #host: VirtualClock

  /** @param now Unix ms */
  constructor(now = 1_700_000_000_000) {
    const host = new VirtualClock(now)
    super(host)
    this.#host = host
  }

  /** Moves time on to `time`, and fires the timers that are due on the way. Never goes back. */
  advanceTo(time: number): void {
    this.#host.advanceTo(time)
  }

  /** Moves time on by `ms`, and fires the timers that are due. */
  advance(ms: number): void {
    this.advanceTo(this.now() + ms)
  }
}

/** Moves `clock` by `ms`, from timer to timer. Waiting promises have their turn in between. */
export async function advanceInTurns(clock: FakeClock, ms: number): Promise<void> {
  const until = clock.now() + ms
  await turn()
  while (clock.nextTimer <= until) {
    clock.advanceTo(clock.nextTimer)
    await turn()
  }
  clock.advanceTo(until)
  await turn()
}

const turn = () => new Promise(setImmediate)

export interface TestContext extends Context {
  readonly clock: FakeClock
  /** Pays for batches inside operators. */
  readonly heldCredits: CreditPool
  /** Settlements that checkpoints would wait for. */
  readonly settlements: SettlementTracker
  /** The last state given to `context.status`. */
  state: { state: string; reason?: string }
  /** The sums added to counters, by name. */
  readonly counters: ReadonlyMap<string, number>
  /** Routes registered, by `METHOD path`. */
  readonly routes: Map<string, unknown>
  /** Its reports, by name. */
  readonly reports: Map<string, () => object>
}

/** A context with a fake clock, its own pools and a silent log. */
export function testContext(id = 'test', clock = new FakeClock()): TestContext {
  const account = new Account()
  const settlements = new SettlementTracker()
  const counters = new Map<string, number>()
  const routes = new Map<string, unknown>()
  const reports = new Map<string, () => object>()
  const context: TestContext = {
    id,
    log: pino({ level: 'silent' }),
    clock,
    scheduler: new ClockScheduler(clock),
    heldCredits: new CreditPool(POOL_BYTES, true),
    settlements,
    account,
    series: new SeriesTable(),
    credits: new CreditPool(POOL_BYTES),
    outputBudget: new CreditPool(POOL_BYTES),
    ...LONE_HOST,
    stores: new StoreRegistry(),
    instruments: {
      counter: name => ({ add: value => void counters.set(name, (counters.get(name) ?? 0) + value) }),
      gauge() {},
      gauges() {}
    },
    counters,
    admin: {
      url: 'http://127.0.0.1:0',
      route: (method, path, handler) => void routes.set(`${method.toUpperCase()} ${path}`, handler),
      site: handler => void routes.set('SITE', handler),
      report: (name, read) => void reports.set(name, read)
    },
    state: { state: 'ok' },
    routes,
    reports,
    ...batchMakers(id, account, settlements, clock),
    announce() {},
    // At once: a test should not depend on the moment.
    inSteps(step) {
      while (step()) {}
    },
    wantRequests() {},
    status(state, reason) {
      context.state = { state, reason }
    }
  }
  return context
}

/** The ways of a context to make batches. */
function batchMakers(id: string, account: Account, settlements: SettlementTracker, clock: FakeClock) {
  const adopt: Context['adopt'] = (origin, block, again) =>
    trackedBatch(settlements, origin, block, ({ status }) => {
      if (status === 'nacked') clock.setTimer(ADOPTED_AGAIN_MS, () => again(adopt(origin, block, again)))
    })
  return {
    adopt,
    batch: (block, permit, onSettled, request) =>
      receivedBatch({ source: id, request }, account, block, permit, onSettled),
    setAside: async () => false,
    outputBatch: (block, permit, onSettled) => trackedBatch(settlements, { source: id }, block, onSettled, permit)
  } satisfies Pick<Context, 'adopt' | 'batch' | 'setAside' | 'outputBatch'>
}
