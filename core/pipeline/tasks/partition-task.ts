import { CreditPool } from '../../batch/credits.ts'
import type { ResolvedConfig } from '../../config/resolved.ts'
import { describeError, WeirError } from '../../errors.ts'
import { accountFor } from '../../http/tenants/account-for.ts'
import type { Task, TaskOptions } from '../../plugin/tasks.ts'
import type { Account } from '../../telemetry/account.ts'
import { VirtualClock } from '../../telemetry/virtual-clock.ts'
import { CheckpointCoordinator } from '../checkpoint/coordinator.ts'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from '../checkpoint/file.ts'
import { type Checkpointed, restoreSnapshots } from '../checkpoint/participants.ts'
import { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import type { Component } from '../graph/component.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import type { Services } from '../graph/services.ts'
import { connect, createPipeline, sinksOf, type Topology } from '../graph/topology.ts'
import { CooperativeScheduler } from '../ingest/cooperative.ts'
import { EntryForwarder } from '../ingest/entry-forwarder.ts'
import { EntriesOfPartition } from './entries-of-partition.ts'
import { StampedOutput } from './stamped-output.ts'
import { TaskAccounts } from './task-accounts.ts'

const START_MS = 30_000
const STOP_MS = 5000
const REMEDY = 'start the configuration that it had, or move its group by weir kafka seek to go on without it'
const CLOSED = new WeirError('QUEUE_FULL', 'its partition is processed elsewhere')

/** The service that tasks are part of. */
export interface TaskHost {
  readonly config: ResolvedConfig
  /** With the pipelines that tasks are copies of, and the exporters that they share. */
  readonly topology: Topology
  readonly services: Services
  readonly receiver: Component
  /** Pipelines behind the receiver, each after those it takes from. */
  readonly pipelineNames: readonly string[]
}

/** See {@link Task}. Kafka's own word for it in Kafka Streams. */
export class PartitionTask implements Task {
  readonly #clock: VirtualClock
  readonly #forwarder: EntryForwarder
  readonly pipelines: readonly Pipeline[]
  readonly #coordinator: CheckpointCoordinator
  readonly #log: Component['log']
  readonly #accounts = new TaskAccounts()
  #onClosed = () => {}
  readonly #restore: () => void

  private constructor(host: TaskHost, options: TaskOptions, checkpoint: Checkpoint | undefined) {
    const { partition, next } = options
    const account = accountFor(host.services.access)
    this.#accounts.add(host.receiver.account, account)
    this.#clock = new VirtualClock(checkpoint?.time ?? options.time)
    const services = servicesOf(host.services, this.#clock)
    this.#log = host.receiver.log.child({ partition })
    this.#forwarder = forwarderOf(host, options, services, account)
    services.entrySettlements = this.#forwarder.entrySettlements
    const templates = host.topology.pipelines
    this.pipelines = host.pipelineNames.map(name =>
      createPipeline(name, host.config, services, { partition, pipeline: templates.find(own => own.name === name)! })
    )
    for (const { name, processors } of this.pipelines) {
      const template = templates.find(own => own.name === name)!
      for (const [i, { component }] of processors.entries())
        this.#accounts.add(template.processors[i].component.account, component.account)
    }
    const topology = { ...host.topology, pipelines: this.pipelines }
    const stamped = options.outputAttribute && new StampedOutput(options.outputAttribute)
    connect(topology, services, stamped && (sink => stamped.before(sink)))
    this.#forwarder.connect(onlyOf(host.receiver.id, sinksOf(topology, services)))
    const source = { component: host.receiver, receiver: options.source }
    // Sending queues have no disk here, and exporters no state of one partition.
    const inside: Checkpointed = { receivers: [source], pipelines: this.pipelines, exporters: [] }
    this.#restore = () => {
      if (checkpoint !== undefined) restoreSnapshots(inside, checkpoint, `partition ${partition}`, REMEDY)
    }
    this.#coordinator = new CheckpointCoordinator({
      store: {
        write: async taken => options.keep(await encodeCheckpoint(taken), taken.nextEntry, taken.time),
        removeBefore: async () => {}
      },
      topology: inside,
      ingress: this.#forwarder,
      settlements: services.settlements,
      cooperative: services.cooperative,
      pipelineClock: this.#clock,
      clock: services.clock,
      log: this.#log,
      intervalMs: options.checkpointInterval,
      lastId: checkpoint?.id ?? 0
    })
    this.#log.debug({ next, time: this.#clock.now() }, 'task opened')
  }

  /** Throws `STATE_INVALID`. @param onClosed called once it has ended */
  static async open(
    host: TaskHost,
    options: TaskOptions,
    onClosed: (task: PartitionTask) => void
  ): Promise<PartitionTask> {
    const task = new PartitionTask(host, options, checkpointOf(options))
    task.#onClosed = () => onClosed(task)
    try {
      task.#restore()
      await task.#start()
    } catch (error) {
      await task.#stopProcessors()
      throw error
    }
    return task
  }

  get next(): number {
    return this.#forwarder.nextEntry
  }

  get nextTimer(): number {
    return this.#clock.nextTimer
  }

  get time(): number {
    return this.#clock.now()
  }

  wake(): void {
    this.#forwarder.wake()
  }

  /** Adds the figures since the last call to those that users see. */
  book(): void {
    this.#accounts.book()
  }

  checkpoint(): Promise<boolean> {
    return this.#coordinator.takeAnew()
  }

  async close(deadline: AbortSignal): Promise<boolean> {
    this.#coordinator.stop()
    await this.#forwarder.pause()
    const isKept = await this.#lastCheckpoint(deadline)
    await this.#coordinator.hold()
    await this.#forwarder.drain(AbortSignal.abort())
    for (const pipeline of this.pipelines) pipeline.abandon(CLOSED)
    await this.#stopProcessors()
    this.#accounts.close()
    this.#onClosed()
    return isKept
  }

  /** Whether all that was forwarded is kept. */
  async #lastCheckpoint(deadline: AbortSignal): Promise<boolean> {
    if (deadline.aborted) return false
    const expired = new Promise<false>(resolve =>
      deadline.addEventListener('abort', () => resolve(false), { once: true })
    )
    return Promise.race([this.#coordinator.takeAnew(), expired])
  }

  async #start(): Promise<void> {
    for (const pipeline of this.pipelines.toReversed()) {
      for (const { processor } of pipeline.processors) await processor.start?.(AbortSignal.timeout(START_MS))
      pipeline.open()
    }
    this.#forwarder.start()
    this.#coordinator.start()
  }

  async #stopProcessors(): Promise<void> {
    for (const { component, processor } of this.pipelines.flatMap(({ processors }) => processors)) {
      try {
        await processor.stop?.(AbortSignal.timeout(STOP_MS))
      } catch (error) {
        this.#log.error({ err: describeError(error) }, `${component.name} could not stop cleanly`)
      }
      component.dispose()
    }
  }
}

function checkpointOf({ state, partition }: TaskOptions): Checkpoint | undefined {
  if (state === undefined) return undefined
  const checkpoint = decodeCheckpoint(Buffer.from(state.buffer, state.byteOffset, state.byteLength))
  if (checkpoint !== undefined) return checkpoint
  throw new WeirError('STATE_INVALID', `the state of partition ${partition} is damaged, or of another version of Weir`)
}

/** Those of the process, but for all that decides the output of processors. */
function servicesOf(services: Services, clock: VirtualClock): Services {
  return {
    ...services,
    pipelineClock: clock,
    // Of its own, since operators that hold much let time go by.
    heldCredits: new CreditPool(services.heldCredits.capacity, true),
    settlements: new SettlementTracker(),
    cooperative: new CooperativeScheduler(),
    durable: true,
    isReloading: false,
    replayed: true,
    entrySettlements: undefined
  }
}

function forwarderOf(
  { receiver }: TaskHost,
  { partition, entries, next }: TaskOptions,
  services: Services,
  account: Account
): EntryForwarder {
  return new EntryForwarder({
    ...services,
    pipelineClock: services.pipelineClock as VirtualClock,
    entries: new EntriesOfPartition(entries, next, receiver, account, services.clock),
    name: `partition ${partition}`,
    partition,
    account,
    log: receiver.log,
    ownFrom: 0,
    isComplete: () => true,
    status: (state, reason) => receiver.setStatus(state, reason)
  })
}

function onlyOf<T>(id: string, sinks: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  const sink = sinks.get(id)
  return new Map(sink === undefined ? [] : [[id, sink]])
}
