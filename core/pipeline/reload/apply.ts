import type { Batch } from '../../batch/batch.ts'
import type { ResolvedConfig } from '../../config/resolved.ts'
import { WeirError } from '../../errors.ts'
import { sleep } from '../../telemetry/clock.ts'
import type { QueuePosition } from '../checkpoint/file.ts'
import { isHeldWhole } from '../checkpoint/participants.ts'
import { fanOut } from '../graph/fan-out.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import {
  type BuiltExporter,
  type BuiltExtension,
  type BuiltReceiver,
  connect,
  createPipeline,
  pipelineNames,
  sinksOf,
  used,
  usedExtensions
} from '../graph/topology.ts'
import type { BuiltService } from '../service/build.ts'
import { finishAll, type Runner } from '../service/lifecycle.ts'
import { type Change, changesOf, isKept, isReceiverKept, isSame } from './diff.ts'
import { StateTransfer } from './state-transfer.ts'

/** How long sending queues of exporters that are replaced may go on sending. */
const QUEUE_CLOSE_MS = 5000
const CHECKPOINT_MS = 10_000
const IDLE_POLL_MS = 500
const HELD_POLL_MS = 50

/** Parts of a configuration that are not running yet: exporters that are started, receivers and extensions that are not. */
export interface AddedParts {
  readonly exporters: BuiltExporter[]
  readonly receivers: BuiltReceiver[]
  readonly extensions: BuiltExtension[]
}

/**
 * The way from one running configuration to another, and back. State taken out of the one is there for the other. From
 * the first to the last change nothing is forwarded, also between a failure and the way back.
 */
export class AppliedReload {
  #service: BuiltService
  #runner: Runner
  #states = new StateTransfer()
  #positions = new Map<string, QueuePosition>()
  /** By exporter: batches that neither its backend nor its disk had when its sending queue closed. */
  #left = new Map<string, Batch[]>()
  #isPaused = false

  constructor(service: BuiltService, runner: Runner) {
    this.#service = service
    this.#runner = runner
  }

  async to(next: ResolvedConfig, added: AddedParts): Promise<Change[]> {
    const deadline = AbortSignal.timeout(next.service.shutdown_timeout)
    const changes = await this.#replace(next, added, deadline)
    // Otherwise a crash would replay the next entries by the old configuration, with another output.
    if (!(await this.#isWrittenDown()))
      throw new WeirError(
        'COMPONENT_FAILED',
        `no checkpoint could be taken within ${CHECKPOINT_MS / 1000} s: the journal's disk takes nothing, or an exporter without a queue on disk is behind`
      )
    await this.#goOn(added, deadline)
    return changes
  }

  /** To the configuration that the last checkpoint knows. */
  async backTo(before: ResolvedConfig, added: AddedParts): Promise<void> {
    const deadline = AbortSignal.timeout(before.service.shutdown_timeout)
    await this.#replace(before, added, deadline)
    await this.#isWrittenDown()
    await this.#goOn(added, deadline)
  }

  async #replace(next: ResolvedConfig, { exporters }: AddedParts, deadline: AbortSignal): Promise<Change[]> {
    const { topology, services } = this.#service
    const changes = this.#changes(next)
    await this.#stopExtensions(next, deadline)
    await this.#stopReceivers(next, deadline)
    await this.#pause(deadline)
    const outgoing = topology.pipelines.filter(pipeline => !isKept(pipeline, this.#exporterEntries, next))
    changes.push(...outgoing.flatMap(pipeline => this.#states.judge(pipeline, next, services)))
    await this.#takeOut(outgoing, next, deadline)
    await this.#bringIn(next, exporters, deadline)
    return changes
  }

  #changes(next: ResolvedConfig): Change[] {
    const { receivers, exporters, pipelines, extensions } = this.#service.topology
    const staying = exporters.filter(({ component }) => !component.isLeaving)
    const known = new Set(
      pipelines.flatMap(({ name, processors }) => processors.map(({ component }) => `${name}/${component.id}`))
    )
    const added = Object.entries(next.service.pipelines).flatMap(([name, { processors }]) =>
      processors
        .filter(id => !known.has(`${name}/${id}`))
        .map((id): Change => ({ component: `processor ${id} in ${name}`, outcome: 'added' }))
    )
    return [
      ...changesOf(
        'receiver',
        receivers.map(({ entry }) => entry),
        next,
        before => isReceiverKept(receivers.find(({ entry }) => entry === before)!, next)
      ),
      ...changesOf(
        'exporter',
        staying.map(({ entry }) => entry),
        next
      ),
      ...changesOf(
        'extension',
        extensions.map(({ entry }) => entry),
        next
      ),
      ...added
    ]
  }

  async #stopExtensions(next: ResolvedConfig, deadline: AbortSignal): Promise<void> {
    const { topology } = this.#service
    const coming = usedExtensions(next)
    const gone = topology.extensions.filter(({ entry }) => !coming.some(other => isSame(entry, other)))
    topology.extensions = topology.extensions.filter(built => !gone.includes(built))
    await Promise.all(
      gone.map(({ component, extension }) => this.#runner.stopPart({ component, part: extension }, deadline))
    )
  }

  // First of all: the data that they brought is for the pipelines they had.
  async #stopReceivers(next: ResolvedConfig, deadline: AbortSignal): Promise<void> {
    const { topology, ingress } = this.#service
    const gone = topology.receivers.filter(built => !isReceiverKept(built, next))
    topology.receivers = topology.receivers.filter(built => !gone.includes(built))
    await Promise.all(
      gone.map(({ component, receiver }) => this.#runner.stopPart({ component, part: receiver }, deadline))
    )
    if (gone.length > 0 && !(await ingress.caughtUp(deadline)))
      throw new WeirError(
        'COMPONENT_FAILED',
        'exporters are too far behind: the data received so far is not processed yet'
      )
  }

  async #pause(deadline: AbortSignal): Promise<void> {
    const { ingress, stateBackend, services, topology } = this.#service
    await stateBackend?.hold()
    if (this.#isPaused) return
    this.#isPaused = true
    await ingress.pause()
    // Nothing moves from here on. A batch that is inside an operator in part could not be written down.
    while (!isHeldWhole(topology)) {
      ingress.resume()
      if (deadline.aborted) throw new WeirError('COMPONENT_FAILED', 'an operator holds batches in part, all the time')
      await sleep(services.clock, HELD_POLL_MS)
      await ingress.pause()
    }
    services.isReloading = true
  }

  async #goOn({ receivers, extensions }: AddedParts, deadline: AbortSignal): Promise<void> {
    const { topology, ingress, stateBackend, services } = this.#service
    services.isReloading = false
    stateBackend?.release()
    this.#isPaused = false
    topology.receivers = [...topology.receivers, ...receivers]
    // Anew, for the types of items that these bring decide which pipelines get them.
    ingress.connect(sinksOf(topology, services))
    ingress.resume()
    for (const receiver of receivers) await this.#runner.startReceiver(receiver, deadline)
    topology.extensions = [...topology.extensions, ...extensions]
    for (const { component, extension } of extensions) await this.#runner.startPart(component, extension, deadline)
  }

  async #isWrittenDown(): Promise<boolean> {
    const { stateBackend, services } = this.#service
    if (stateBackend === undefined) return true
    return Promise.race([stateBackend.reloaded(), sleep(services.clock, CHECKPOINT_MS).then(() => false)])
  }

  async #takeOut(outgoing: readonly Pipeline[], next: ResolvedConfig, deadline: AbortSignal): Promise<void> {
    const { topology } = this.#service
    // One that is finished cannot be had back.
    topology.pipelines = topology.pipelines.filter(pipeline => !outgoing.includes(pipeline))
    const expired = new Promise<false>(resolve =>
      deadline.addEventListener('abort', () => resolve(false), { once: true })
    )
    const isFinished = await Promise.race([finishAll(outgoing).then(() => true), expired])
    if (isFinished) await this.#closeReplaced(next)
    for (const pipeline of outgoing) {
      this.#states.take(pipeline, isFinished)
      // Its further output goes with its state.
      pipeline.connect(fanOut([], false))
      for (const { component, processor } of pipeline.processors)
        await this.#runner.stopPart({ component, part: processor }, deadline)
    }
    if (!isFinished)
      throw new WeirError('COMPONENT_FAILED', 'exporters are too far behind: processors cannot emit the data they hold')
  }

  /** Their queues go to their successors, by way of their disks if they have some. */
  async #closeReplaced(next: ResolvedConfig): Promise<void> {
    const coming = used(next, 'exporter')
    for (const built of this.#service.topology.exporters) {
      const { component, entry } = built
      const successor = coming.find(({ id }) => id === entry.id)
      const isDraining = component.isLeaving
      if (successor === undefined ? isDraining : !isDraining && isSame(entry, successor)) continue
      component.isLeaving = true
      if (successor === undefined) void this.#drain(built)
      else await this.#close(built)
    }
  }

  async #close(built: BuiltExporter): Promise<void> {
    const { topology } = this.#service
    const { component, entry, exporter, sendingQueue } = built
    topology.exporters = topology.exporters.filter(other => other !== built)
    const left = await sendingQueue.release(AbortSignal.timeout(QUEUE_CLOSE_MS))
    this.#left.set(entry.id, [...(this.#left.get(entry.id) ?? []), ...left])
    if (sendingQueue.position !== undefined) this.#positions.set(entry.id, sendingQueue.position)
    await this.#runner.stopPart({ component, part: exporter }, AbortSignal.timeout(QUEUE_CLOSE_MS))
  }

  /** No pipeline leads there any more. It is removed once its queue is empty, unless a reload asks for it again. */
  async #drain(built: BuiltExporter): Promise<void> {
    const { topology, services } = this.#service
    const { component, exporter, sendingQueue } = built
    const isThere = () => topology.exporters.includes(built)
    while (isThere() && !sendingQueue.isIdle) await sleep(services.clock, IDLE_POLL_MS)
    if (!isThere()) return
    topology.exporters = topology.exporters.filter(other => other !== built)
    await sendingQueue.close(AbortSignal.timeout(QUEUE_CLOSE_MS))
    await this.#runner.stopPart({ component, part: exporter }, AbortSignal.timeout(QUEUE_CLOSE_MS))
  }

  async #bringIn(next: ResolvedConfig, exporters: readonly BuiltExporter[], deadline: AbortSignal): Promise<void> {
    const { topology, services, ingress, tasks } = this.#service
    await this.#attachDiskBuffers(exporters)
    tasks?.configure(next)
    const staying = topology.pipelines
    const fresh: Pipeline[] = []
    try {
      for (const name of pipelineNames(next))
        if (!staying.some(pipeline => pipeline.name === name)) fresh.push(createPipeline(name, next, services))
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
    ingress.connect(sinksOf(topology, services))
  }

  async #attachDiskBuffers(exporters: readonly BuiltExporter[]): Promise<void> {
    const { topology, attachDiskBuffers } = this.#service
    await attachDiskBuffers(exporters, this.#positions)
    topology.exporters = [...topology.exporters, ...exporters]
    for (const { entry, sendingQueue } of exporters) {
      sendingQueue.start()
      for (const batch of this.#left.get(entry.id) ?? []) sendingQueue.push(batch)
      this.#left.delete(entry.id)
      // From here the sending queue knows it, also if it drains on the way back.
      this.#positions.delete(entry.id)
    }
  }

  get #exporterEntries(): Map<string, BuiltExporter['entry']> {
    const staying = this.#service.topology.exporters.filter(({ component }) => !component.isLeaving)
    return new Map(staying.map(({ entry }) => [entry.id, entry]))
  }
}
