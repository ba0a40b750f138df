import type { ResolvedConfig } from '../../config/resolved.ts'
import { describeError, WeirError } from '../../errors.ts'
import { createExporter, createReceiver, used } from '../graph/topology.ts'
import type { Delivery } from '../service/build.ts'
import type { Runner } from '../service/lifecycle.ts'
import { Exchange, type Newcomers } from './apply.ts'
import { type Change, checkService, isSame } from './diff.ts'

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
    if (!(await this.#delivery.entrance.doneOver(AbortSignal.timeout(next.service.shutdown_timeout))))
      throw new WeirError('COMPONENT_FAILED', 'what the last run left is still being processed; try again later')
    const newcomers = await this.#prepare(next)
    const exchange = new Exchange(this.#delivery, this.#runner)
    try {
      const changes = await exchange.to(next, newcomers)
      this.#config = next
      return changes
    } catch (error) {
      await this.#discard(newcomers)
      await this.#goBack(exchange, error)
      throw error
    }
  }

  async #goBack(exchange: Exchange, why: unknown): Promise<void> {
    try {
      await exchange.backTo(this.#config, await this.#prepare(this.#config))
    } catch (error) {
      const message = `${describeError(why)}; nor could it go back to what ran before: ${describeError(error)}; start Weir anew`
      this.#delivery.services.log.error({ err: message }, 'the reload failed half-way')
      throw new WeirError('COMPONENT_FAILED', message, { cause: error })
    }
  }

  /** Beside what runs; nothing is changed where one cannot be made or started. */
  async #prepare(next: ResolvedConfig): Promise<Newcomers> {
    const { topology, services } = this.#delivery
    const staying = topology.exporters.filter(({ component }) => !component.isLeaving)
    const newcomers: Newcomers = { exporters: [], receivers: [] }
    try {
      for (const entry of used(next, 'exporter'))
        if (!staying.some(built => isSame(built.entry, entry)))
          newcomers.exporters.push(createExporter(entry, services))
      for (const entry of used(next, 'receiver'))
        if (!topology.receivers.some(built => isSame(built.entry, entry)))
          newcomers.receivers.push(createReceiver(entry, services))
      const signal = AbortSignal.timeout(next.service.shutdown_timeout)
      for (const { component, exporter } of newcomers.exporters)
        await this.#runner.startPart(component, exporter, signal)
      return newcomers
    } catch (error) {
      await this.#discard(newcomers)
      throw error
    }
  }

  /** Those that have found no place. */
  async #discard({ exporters, receivers }: Newcomers): Promise<void> {
    const { topology } = this.#delivery
    const parts = [
      ...exporters
        .filter(built => !topology.exporters.includes(built))
        .map(built => ({ ...built, part: built.exporter })),
      ...receivers
        .filter(built => !topology.receivers.includes(built))
        .map(built => ({ ...built, part: built.receiver }))
    ]
    for (const part of parts) await this.#runner.stopPart(part, AbortSignal.abort())
  }
}
