import path from 'node:path'
import type { Logger } from 'pino'
import { CreditPool } from '../../batch/credits.ts'
import type { ResolvedConfig } from '../../config/resolved.ts'
import { type ServiceConfig, workerThreads } from '../../config/service.ts'
import { ServiceAccess } from '../../http/access/service-access.ts'
import { type Disk, realDisk } from '../../journal/disk.ts'
import { lockFolder } from '../../journal/lock.ts'
import type { Registry } from '../../plugin/registry.ts'
import type { QueuePosition } from '../checkpoint/file.ts'
import { asInLastRun, type SavedPlan } from '../checkpoint/plan.ts'
import { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import { StateFiles, stateInFiles } from '../checkpoint/state-files.ts'
import { settingAside } from '../dead-letters/set-aside.ts'
import { DeadLetterStore } from '../dead-letters/store.ts'
import type { Component } from '../graph/component.ts'
import type { Services } from '../graph/services.ts'
import { type BuiltExporter, buildTopology, sinksOf, type Topology } from '../graph/topology.ts'
import { CooperativeScheduler } from '../ingest/cooperative.ts'
import { DirectIngress, type Ingress } from '../ingest/ingress.ts'
import { exportersAwaited, openDiskBuffers } from '../sending-queue/open-disk-buffers.ts'
import { TaskPool } from '../tasks/task-pool.ts'
import { WorkerPool } from '../workers/worker-pool.ts'
import { buildJournaled, recoverJournal } from './build-journaled.ts'
import type { StateBackend } from './lifecycle.ts'

/** The program of workers, next to this one: a source file in a checkout, a compiled one in a package. */
const WORKER = new URL(`../../worker${path.extname(import.meta.filename)}`, import.meta.url)

/** Everything that moves data, connected and not yet started. */
export interface BuiltService {
  readonly services: Services
  /**
   * The configuration it was built of. After a crash under another configuration it is that one, until all entries are
   * replayed.
   */
  readonly config: ResolvedConfig
  readonly topology: Topology
  /** In the order data passes them. */
  readonly components: readonly Component[]
  readonly ingress: Ingress
  readonly stateBackend: StateBackend | undefined
  /** Undefined with a journal. */
  readonly tasks: TaskPool | undefined
  /** Gives sending queues their disk, at these positions. It is empty if there is no position. */
  attachDiskBuffers(exporters: readonly BuiltExporter[], positions: ReadonlyMap<string, QueuePosition>): Promise<void>
}

/** The place of the journal and of dead letters. */
export interface Storage {
  readonly disk: Disk
  readonly lock: typeof lockFolder
}

const REAL_STORAGE: Storage = { disk: realDisk, lock: lockFolder }

/** Services that {@link buildService} does not decide. */
export type BaseServices = Omit<
  Services,
  | 'pipelineClock'
  | 'credits'
  | 'outputBudget'
  | 'heldCredits'
  | 'settlements'
  | 'cooperative'
  | 'durable'
  | 'isReloading'
  | 'replayed'
  | 'entrySettlements'
  | 'deadLetters'
  | 'setAside'
  | 'tasks'
>

/** Builds the configuration at its delivery level: `journal` if it has one, else `memory`. */
export async function buildService(
  config: ResolvedConfig,
  base: BaseServices,
  discardState: boolean,
  registry: Registry,
  storage = REAL_STORAGE
): Promise<BuiltService> {
  return (config.service.journal === undefined ? inMemory : withJournal)(config, base, discardState, registry, storage)
}

async function inMemory(
  config: ResolvedConfig,
  base: BaseServices,
  discardState: boolean,
  registry: Registry,
  storage: Storage
): Promise<BuiltService> {
  const { limits, state_dir } = config.service
  const tasks = new TaskPool()
  const services: Services = {
    ...base,
    pipelineClock: base.clock,
    ...receiving(config, base, registry),
    outputBudget: new CreditPool(limits.output),
    heldCredits: new CreditPool(limits.in_flight, true),
    settlements: new SettlementTracker(),
    cooperative: new CooperativeScheduler(),
    durable: state_dir !== undefined,
    isReloading: false,
    replayed: false,
    entrySettlements: undefined,
    tasks,
    ...(await deadLetterServices(config.service, base, storage))
  }
  const store = state_dir === undefined ? undefined : new StateFiles(state_dir)
  if (discardState) store?.discard()
  const topology = buildTopology(config, services)
  tasks.connect({ config, topology, services })
  return {
    services,
    config,
    topology,
    get components() {
      return componentsOf(topology)
    },
    ingress: new DirectIngress(sinksOf(topology, services), services.outputBudget),
    stateBackend: store && stateInFiles(store, topology),
    tasks,
    attachDiskBuffers: async () => {}
  }
}

async function withJournal(
  config: ResolvedConfig,
  base: BaseServices,
  discardState: boolean,
  registry: Registry,
  storage: Storage
): Promise<BuiltService> {
  const { limits } = config.service
  const journal = config.service.journal!
  const { disk } = storage
  await disk.makeFolder(journal.folder)
  const unlock = await storage.lock(journal.folder, base.log)
  const recovered = await recoverJournal(journal.folder, base.clock.now(), discardState, disk)
  const services: Services = {
    ...base,
    pipelineClock: recovered.pipelineClock,
    ...receiving(config, base, registry),
    // Processors must not have to wait: the ingress does, before it forwards more.
    outputBudget: new CreditPool(limits.output, true),
    heldCredits: new CreditPool(limits.in_flight, true),
    settlements: new SettlementTracker(),
    cooperative: new CooperativeScheduler(),
    durable: true,
    isReloading: false,
    replayed: true,
    entrySettlements: undefined,
    ...(await deadLetterServices(config.service, base, storage))
  }
  const plan = discardState ? undefined : (recovered.checkpoint?.plan as SavedPlan | undefined)
  const built = plan === undefined ? config : await asInLastRun(plan, config, type => registry.find('processor', type))
  const topology = buildTopology(built, services, exportersAwaited(recovered.checkpoint?.queuePositions))
  const { component, ingress, stateBackend } = await buildJournaled(journal, recovered, topology, services, disk)
  return {
    services,
    config: built,
    topology,
    get components() {
      return componentsOf(topology, component)
    },
    ingress,
    stateBackend: unlocking(stateBackend, unlock),
    tasks: undefined,
    attachDiskBuffers: (exporters, positions) =>
      openDiskBuffers(exporters, positions, journal.folder, services, { disk, areGapsAllowed: false })
  }
}

/** The credits of receivers, and the threads that they run in. */
function receiving(
  { service }: ResolvedConfig,
  { series, clock, log, access }: BaseServices,
  registry: Registry
): Pick<Services, 'credits' | 'workers'> {
  const { limits } = service
  const workers = workerThreads(service)
  if (workers === 0) return { credits: new CreditPool(limits.in_flight), workers: undefined }
  const { authenticators, tenants } = service
  const tenantMemory = access instanceof ServiceAccess ? access.memory : undefined
  const options = {
    entry: WORKER,
    workers,
    limits,
    logLevel: service.log.level,
    access: { authenticators, tenants },
    tenantMemory,
    series,
    registry,
    clock,
    log
  }
  const pool = new WorkerPool(options)
  return { credits: pool.credits, workers: pool }
}

function unlocking(stateBackend: StateBackend, unlock: () => Promise<void>): StateBackend {
  return {
    ...stateBackend,
    async save() {
      try {
        return await stateBackend.save()
      } finally {
        await unlock()
      }
    }
  }
}

async function deadLetterServices(
  config: ServiceConfig,
  { clock, log }: BaseServices,
  storage: Storage
): Promise<Pick<Services, 'deadLetters' | 'setAside'>> {
  const deadLetters = await openDeadLetters(config, log, storage)
  return { deadLetters, setAside: settingAside(deadLetters, clock, log) }
}

async function openDeadLetters(
  { dead_letters, journal }: ServiceConfig,
  log: Logger,
  { disk, lock }: Storage
): Promise<DeadLetterStore | undefined> {
  const folder = dead_letters.folder ?? (journal && path.join(journal.folder, 'dead_letters'))
  if (folder === undefined) return undefined
  await disk.makeFolder(folder)
  // As long as the process is there: another one would give its dead letters the same numbers, and write over these.
  await lock(folder, log)
  return DeadLetterStore.open(disk, folder, dead_letters.max_size)
}

function componentsOf({ receivers, pipelines, exporters, extensions }: Topology, ...ingress: Component[]): Component[] {
  const processors = pipelines.flatMap(pipeline => pipeline.processors)
  const parts = (built: readonly { readonly component: Component }[]) => built.map(({ component }) => component)
  return [...parts(receivers), ...ingress, ...parts(processors), ...parts(exporters), ...parts(extensions)]
}
