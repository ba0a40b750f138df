import type { ResolvedConfig } from '../../config/resolved.ts'
import { WeirError } from '../../errors.ts'
import type { LanePosition } from '../../journal/checkpoint.ts'
import { sleep } from '../../telemetry/clock.ts'
import {
  type BuiltExporter,
  type BuiltReceiver,
  connect,
  createExporter,
  createPipeline,
  createReceiver,
  type Pipeline,
  pipelineNames,
  sinksOf,
  used
} from '../build.ts'
import type { Delivery } from '../delivery.ts'
import { finishAll, type Runner } from '../lifecycle.ts'
import { type Change, changesOf, checkService, isKept, isSame } from './plan.ts'
import { CarriedStates } from './states.ts'

/** How long lanes of exporters that are replaced may go on sending. */
const LANE_CLOSE_MS = 5000
const CHECKPOINT_MS = 10_000
const IDLE_POLL_MS = 500

/**
 * Exchanges what runs for what another configuration says, between two batches: what is the same runs on, processors
 * that are made anew have the state of those before where they understand it. Where something fails, back to what was.
 */
export class Reloader {
  #config: ResolvedConfig
  #delivery: Delivery
  #runner: Runner
  #running: Promise<unknown> = Promise.resolve()

  constructor(delivery: Delivery, runner: Runner) {
    this.#config = delivery.config
    this.#delivery = delivery
    this.#runner = runner
  }

  /** Resolves to what became of every component. Rejects with why everything is as it was. One after the other. */
  reload(next: ResolvedConfig): Promise<Change[]> {
    const reloaded = this.#running.then(() => this.#reload(next))
    this.#running = reloaded.catch(() => {})
    return reloaded
  }

  /** Resolves when none is under way. */
  get settled(): Promise<unknown> {
    return this.#running
  }

  async #reload(next: ResolvedConfig): Promise<Change[]> {
    checkService(this.#config.service, next.service)
    const before = this.#config
    if (!(await this.#delivery.entrance.doneOver(AbortSignal.timeout(next.service.shutdown_timeout))))
      throw new WeirError('COMPONENT_FAILED', 'what the last run left is still being processed; try again later')
    const exporters = await this.#prepareExporters(next)
    const receivers = this.#prepareReceivers(next)
    const exchange = new Exchange(this.#delivery, this.#runner)
    try {
      const changes = await exchange.to(next, exporters, receivers)
      this.#config = next
      return changes
    } catch (error) {
      await exchange.to(before, await this.#prepareExporters(before), this.#prepareReceivers(before))
      throw error
    }
  }

  /** Those that are not there yet, running beside what is; nothing is changed where one cannot start. */
  async #prepareExporters(next: ResolvedConfig): Promise<BuiltExporter[]> {
    const { topology, services } = this.#delivery
    const isThere = (entry: BuiltExporter['entry']) =>
      topology.exporters.some(built => !built.component.isLeaving && isSame(built.entry, entry))
    const fresh = used(next, 'exporter')
      .filter(entry => !isThere(entry))
      .map(entry => createExporter(entry, services))
    try {
      const signal = AbortSignal.timeout(next.service.shutdown_timeout)
      for (const { component, exporter } of fresh) await this.#runner.startPart(component, exporter, signal)
      return fresh
    } catch (error) {
      for (const { component, exporter } of fresh)
        await this.#runner.stopPart({ component, part: exporter }, AbortSignal.abort())
      throw error
    }
  }

  #prepareReceivers(next: ResolvedConfig): BuiltReceiver[] {
    const { topology, services } = this.#delivery
    return used(next, 'receiver')
      .filter(entry => !topology.receivers.some(built => isSame(built.entry, entry)))
      .map(entry => createReceiver(entry, services))
  }
}

/** The way from what runs to a configuration, and back: what it has taken out of the one is there for the other. */
class Exchange {
  #delivery: Delivery
  #runner: Runner
  #states = new CarriedStates()
  #positions = new Map<string, LanePosition>()

  constructor(delivery: Delivery, runner: Runner) {
    this.#delivery = delivery
    this.#runner = runner
  }

  async to(
    next: ResolvedConfig,
    exporters: readonly BuiltExporter[],
    receivers: readonly BuiltReceiver[]
  ): Promise<Change[]> {
    const { topology, entrance, services, keeper } = this.#delivery
    const deadline = AbortSignal.timeout(next.service.shutdown_timeout)
    const changes = this.#changes(next)
    await this.#stopReceivers(next, deadline)
    await keeper?.hold()
    await entrance.pause()
    services.isReloading = true
    try {
      const outgoing = topology.pipelines.filter(pipeline => !isKept(pipeline, this.#exporterEntries, next))
      changes.push(...outgoing.flatMap(pipeline => this.#states.judge(pipeline, next, services)))
      await this.#takeOut(outgoing, next, deadline)
      await this.#bringIn(next, exporters, receivers, deadline)
      await Promise.race([keeper?.reloaded(), sleep(services.clock, CHECKPOINT_MS)])
    } finally {
      services.isReloading = false
      keeper?.release()
      entrance.resume()
    }
    for (const receiver of receivers) await this.#runner.startReceiver(receiver, deadline)
    return changes
  }

  #changes(next: ResolvedConfig): Change[] {
    const { receivers, exporters, pipelines } = this.#delivery.topology
    const staying = exporters.filter(({ component }) => !component.isLeaving)
    const known = new Set(
      pipelines.flatMap(({ name, processors }) => processors.map(({ component }) => `${name}/${component.id}`))
    )
    const added = Object.entries(next.service.pipelines).flatMap(([name, { processors }]) =>
      processors
        .filter(id => !known.has(`${name}/${id}`))
        .map((id): Change => ({ component: `processor ${id} in ${name}`, fate: 'added' }))
    )
    return [
      ...changesOf(
        'receiver',
        receivers.map(({ entry }) => entry),
        next
      ),
      ...changesOf(
        'exporter',
        staying.map(({ entry }) => entry),
        next
      ),
      ...added
    ]
  }

  // Before anything else: what they brought is for the pipelines they had.
  async #stopReceivers(next: ResolvedConfig, deadline: AbortSignal): Promise<void> {
    const { topology, entrance } = this.#delivery
    const coming = used(next, 'receiver')
    const gone = topology.receivers.filter(({ entry }) => !coming.some(other => isSame(entry, other)))
    await Promise.all(
      gone.map(({ component, receiver }) => this.#runner.stopPart({ component, part: receiver }, deadline))
    )
    if (gone.length > 0 && !(await entrance.caughtUp(deadline)))
      throw new WeirError('COMPONENT_FAILED', 'exporters are too far behind to do first what has come in so far')
    topology.receivers = topology.receivers.filter(built => !gone.includes(built))
  }

  async #takeOut(outgoing: readonly Pipeline[], next: ResolvedConfig, deadline: AbortSignal): Promise<void> {
    const { topology } = this.#delivery
    const expired = new Promise(resolve => deadline.addEventListener('abort', resolve, { once: true }))
    await Promise.race([finishAll(outgoing), expired])
    await this.#closeReplaced(next)
    for (const pipeline of outgoing) {
      this.#states.take(pipeline)
      for (const { component, processor } of pipeline.processors) {
        const { inFlight } = component.account
        if (component.isLeaving && inFlight > 0)
          component.log.error({ items: inFlight }, 'not sent in time at a reload, and lost')
        await this.#runner.stopPart({ component, part: processor }, deadline)
      }
    }
    topology.pipelines = topology.pipelines.filter(pipeline => !outgoing.includes(pipeline))
  }

  /** Their queues go to disk, for those that follow; without a disk, back to where they came from. */
  async #closeReplaced(next: ResolvedConfig): Promise<void> {
    const { topology } = this.#delivery
    const coming = used(next, 'exporter')
    for (const built of topology.exporters) {
      const { component, entry, exporter, lane } = built
      const successor = coming.find(({ id }) => id === entry.id)
      if (component.isLeaving || (successor !== undefined && isSame(entry, successor))) continue
      component.isLeaving = true
      if (successor === undefined) void this.#drain(built)
      else {
        await lane.close(AbortSignal.timeout(LANE_CLOSE_MS))
        if (lane.position !== undefined) this.#positions.set(entry.id, lane.position)
        await this.#runner.stopPart({ component, part: exporter }, AbortSignal.timeout(LANE_CLOSE_MS))
        topology.exporters = topology.exporters.filter(other => other !== built)
      }
    }
  }

  /** No pipeline leads there any more; it goes once it has sent what waits. */
  async #drain(built: BuiltExporter): Promise<void> {
    const { topology, services } = this.#delivery
    const { component, exporter, lane } = built
    while (!lane.isIdle) await sleep(services.clock, IDLE_POLL_MS)
    if (!topology.exporters.includes(built)) return
    topology.exporters = topology.exporters.filter(other => other !== built)
    await lane.close(AbortSignal.timeout(LANE_CLOSE_MS))
    await this.#runner.stopPart({ component, part: exporter }, AbortSignal.timeout(LANE_CLOSE_MS))
  }

  async #bringIn(
    next: ResolvedConfig,
    exporters: readonly BuiltExporter[],
    receivers: readonly BuiltReceiver[],
    deadline: AbortSignal
  ): Promise<void> {
    const { topology, services, entrance, openLanes } = this.#delivery
    await openLanes(exporters, this.#positions)
    for (const { lane } of exporters) lane.start()
    topology.exporters = [...topology.exporters, ...exporters]
    topology.receivers = [...topology.receivers, ...receivers]
    const staying = topology.pipelines
    const fresh = pipelineNames(next)
      .filter(name => !staying.some(pipeline => pipeline.name === name))
      .map(name => createPipeline(name, next, services))
    try {
      for (const pipeline of fresh) this.#states.give(pipeline)
      topology.pipelines = pipelineNames(next).map(name => [...staying, ...fresh].find(made => made.name === name)!)
      connect(topology, services)
      for (const pipeline of fresh.toReversed()) await this.#runner.openPipeline(pipeline, deadline)
    } catch (error) {
      topology.pipelines = staying
      for (const { processors } of fresh)
        for (const { component, processor } of processors)
          await this.#runner.stopPart({ component, part: processor }, AbortSignal.abort())
      throw error
    }
    entrance.connect(sinksOf(topology, services))
  }

  get #exporterEntries(): Map<string, BuiltExporter['entry']> {
    const staying = this.#delivery.topology.exporters.filter(({ component }) => !component.isLeaving)
    return new Map(staying.map(({ entry }) => [entry.id, entry]))
  }
}
