import type { ResolvedConfig } from '../../config/resolved.ts'
import { describeError, WeirError } from '../../errors.ts'
import { createExporter, createExtension, createReceiver, used, usedExtensions } from '../graph/topology.ts'
import type { BuiltService } from '../service/build.ts'
import type { Runner } from '../service/lifecycle.ts'
import { type AddedParts, AppliedReload } from './apply.ts'
import { type Change, checkService, isReceiverKept, isSame } from './diff.ts'
import { checkTaskStates } from './task-states.ts'

/**
 * Replaces the running configuration by another one, between two batches. Equal parts run on. Processors that are made
 * anew get the state of those before if they understand it. After a failure the old configuration runs again.
 */
export class Reloader {
  #config: ResolvedConfig
  #service: BuiltService
  #runner: Runner
  #running: Promise<unknown> = Promise.resolve()

  constructor(service: BuiltService, runner: Runner) {
    this.#config = service.config
    this.#service = service
    this.#runner = runner
  }

  /**
   * Resolves to the change of every component. Rejects with the reason if everything is as it was. Reloads run one
   * after the other.
   */
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
    checkTaskStates(this.#service, next)
    if (!(await this.#service.ingress.replayCompleted(AbortSignal.timeout(next.service.shutdown_timeout))))
      throw new WeirError('COMPONENT_FAILED', 'the data of the last run is still being processed; try again later')
    const added = await this.#prepare(next)
    const applied = new AppliedReload(this.#service, this.#runner)
    try {
      const changes = await applied.to(next, added)
      this.#config = next
      return changes
    } catch (error) {
      await this.#discard(added)
      await this.#goBack(applied, error)
      throw error
    }
  }

  async #goBack(applied: AppliedReload, why: unknown): Promise<void> {
    try {
      await applied.backTo(this.#config, await this.#prepare(this.#config))
    } catch (error) {
      const message = `${describeError(why)}; the previous configuration could not be restored either: ${describeError(error)}; restart Weir`
      this.#service.services.log.error({ err: message }, 'the reload failed half-way')
      throw new WeirError('COMPONENT_FAILED', message, { cause: error })
    }
  }

  /** Made beside the running parts. Nothing is changed if one of them cannot be made or started. */
  async #prepare(next: ResolvedConfig): Promise<AddedParts> {
    const { topology, services } = this.#service
    const staying = topology.exporters.filter(({ component }) => !component.isLeaving)
    const added: AddedParts = { exporters: [], receivers: [], extensions: [] }
    try {
      for (const entry of used(next, 'exporter'))
        if (!staying.some(built => isSame(built.entry, entry))) added.exporters.push(createExporter(entry, services))
      for (const entry of used(next, 'receiver'))
        if (!topology.receivers.some(built => built.entry.id === entry.id && isReceiverKept(built, next)))
          added.receivers.push(createReceiver(entry, next, services))
      for (const entry of usedExtensions(next))
        if (!topology.extensions.some(built => isSame(built.entry, entry)))
          added.extensions.push(createExtension(entry, services))
      const signal = AbortSignal.timeout(next.service.shutdown_timeout)
      for (const { component, exporter } of added.exporters) await this.#runner.startPart(component, exporter, signal)
      return added
    } catch (error) {
      await this.#discard(added)
      throw error
    }
  }

  /** Those that have found no place. */
  async #discard({ exporters, receivers, extensions }: AddedParts): Promise<void> {
    const { topology } = this.#service
    const parts = [
      ...exporters
        .filter(built => !topology.exporters.includes(built))
        .map(built => ({ ...built, part: built.exporter })),
      ...receivers
        .filter(built => !topology.receivers.includes(built))
        .map(built => ({ ...built, part: built.receiver })),
      ...extensions
        .filter(built => !topology.extensions.includes(built))
        .map(built => ({ ...built, part: built.extension }))
    ]
    for (const part of parts) await this.#runner.stopPart(part, AbortSignal.abort())
  }
}
