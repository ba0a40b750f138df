import path from 'node:path'
import type { Logger } from 'pino'
import type { ResolvedConfig } from '../../config/resolved.ts'
import type { ServiceConfig } from '../../config/service.ts'
import { realDisk } from '../../journal/disk.ts'
import { lockFolder } from '../../journal/lock.ts'
import type { Registry } from '../../plugin/registry.ts'
import { CreditPool } from '../../batch/credits.ts'
import type { LanePosition } from '../checkpoint/file.ts'
import { asInLastRun, type SavedPlan } from '../checkpoint/plan.ts'
import { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import { keepInStore, StateStore } from '../checkpoint/state-files.ts'
import { DeadLetters } from '../dead-letters/store.ts'
import type { Component, Services } from '../graph/component.ts'
import { type BuiltExporter, buildTopology, sinksOf, type Topology } from '../graph/topology.ts'
import { Steps } from '../ingest/cooperative.ts'
import { DirectEntrance, type Entrance } from '../ingest/ingress.ts'
import { openBacklogs, waitedForIn } from '../sending-queue/open-disk-buffers.ts'
import { deliverByJournal, recoverJournal } from './build-journaled.ts'
import type { StateKeeper } from './lifecycle.ts'

/** Everything that moves data, connected and not yet started. */
export interface Delivery {
  readonly services: Services
  /** What it was built of: after a crash under another configuration that one, until all is done over. */
  readonly config: ResolvedConfig
  readonly topology: Topology
  /** In the order data passes them. */
  readonly components: readonly Component[]
  readonly entrance: Entrance
  readonly keeper: StateKeeper | undefined
  /** Gives lanes their disk, where there is one, as these positions say; empty where there is none. */
  openLanes(exporters: readonly BuiltExporter[], positions: ReadonlyMap<string, LanePosition>): Promise<void>
}

/** What {@link prepareDelivery} does not decide. */
export type BaseServices = Omit<
  Services,
  | 'pipelineClock'
  | 'credits'
  | 'ownedCredits'
  | 'heldCredits'
  | 'settlements'
  | 'steps'
  | 'durable'
  | 'isReloading'
  | 'replayed'
  | 'custodian'
  | 'deadLetters'
>

/** Builds what the configuration says, at its delivery level: `journal` where there is one, else `memory`. */
export async function prepareDelivery(
  config: ResolvedConfig,
  base: BaseServices,
  discardState: boolean,
  registry: Registry
): Promise<Delivery> {
  return (config.service.journal === undefined ? inMemory : withJournal)(config, base, discardState, registry)
}

async function inMemory(config: ResolvedConfig, base: BaseServices, discardState: boolean): Promise<Delivery> {
  const { limits, state_dir } = config.service
  const services: Services = {
    ...base,
    pipelineClock: base.clock,
    credits: new CreditPool(limits.in_flight),
    ownedCredits: new CreditPool(limits.owned),
    heldCredits: new CreditPool(limits.in_flight, true),
    settlements: new SettlementTracker(),
    steps: new Steps(),
    durable: state_dir !== undefined,
    isReloading: false,
    replayed: false,
    custodian: undefined,
    deadLetters: await openDeadLetters(config.service, base.log)
  }
  const store = state_dir === undefined ? undefined : new StateStore(state_dir)
  if (discardState) store?.discard()
  const topology = buildTopology(config, services)
  return {
    services,
    config,
    topology,
    get components() {
      return componentsOf(topology)
    },
    entrance: new DirectEntrance(sinksOf(topology, services), services.ownedCredits),
    keeper: store && keepInStore(store, topology),
    openLanes: async () => {}
  }
}

async function withJournal(
  config: ResolvedConfig,
  base: BaseServices,
  discardState: boolean,
  registry: Registry
): Promise<Delivery> {
  const { limits } = config.service
  const journal = config.service.journal!
  await realDisk.makeFolder(journal.folder)
  const unlock = await lockFolder(journal.folder, base.log)
  const recovered = await recoverJournal(journal.folder, base.clock.now(), discardState)
  const services: Services = {
    ...base,
    pipelineClock: recovered.pipelineClock,
    credits: new CreditPool(limits.in_flight),
    // Processors must not have to wait: the entrance does, before it hands on more.
    ownedCredits: new CreditPool(limits.owned, true),
    heldCredits: new CreditPool(limits.in_flight, true),
    settlements: new SettlementTracker(),
    steps: new Steps(),
    durable: true,
    isReloading: false,
    replayed: true,
    custodian: undefined,
    deadLetters: await openDeadLetters(config.service, base.log)
  }
  const plan = discardState ? undefined : (recovered.checkpoint?.plan as SavedPlan | undefined)
  const built = plan === undefined ? config : await asInLastRun(plan, config, type => registry.find('processor', type))
  const topology = buildTopology(built, services, waitedForIn(recovered.checkpoint?.lanes))
  const { component, entrance, keeper } = await deliverByJournal(journal, recovered, topology, services)
  return {
    services,
    config: built,
    topology,
    get components() {
      return componentsOf(topology, component)
    },
    entrance,
    keeper: unlocking(keeper, unlock),
    openLanes: (exporters, positions) =>
      openBacklogs(exporters, positions, journal.folder, services, { disk: realDisk, areGapsAllowed: false })
  }
}

function unlocking(keeper: StateKeeper, unlock: () => Promise<void>): StateKeeper {
  return {
    ...keeper,
    async save() {
      try {
        return await keeper.save()
      } finally {
        await unlock()
      }
    }
  }
}

async function openDeadLetters(
  { dead_letters, journal }: ServiceConfig,
  log: Logger
): Promise<DeadLetters | undefined> {
  const folder = dead_letters.folder ?? (journal && path.join(journal.folder, 'dead_letters'))
  if (folder === undefined) return undefined
  await realDisk.makeFolder(folder)
  // As long as the process is there: another one would give its letters the same numbers, and write over these.
  await lockFolder(folder, log)
  return DeadLetters.open(realDisk, folder, dead_letters.max_size)
}

function componentsOf({ receivers, pipelines, exporters }: Topology, ...entrance: Component[]): Component[] {
  const processors = pipelines.flatMap(pipeline => pipeline.processors)
  const parts = (built: readonly { readonly component: Component }[]) => built.map(({ component }) => component)
  return [...parts(receivers), ...entrance, ...parts(processors), ...parts(exporters)]
}
