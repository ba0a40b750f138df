import type { Logger } from 'pino'
import { describeError, WeirError } from '../errors.ts'
import type { Lifecycle } from '../plugin/contract.ts'
import type { Clock } from '../telemetry/clock.ts'
import type { BuiltReceiver, Topology } from './build.ts'
import type { Component } from './component.ts'
import type { Entrance } from './entrance.ts'

/** Keeps what processors know from one run to the next. */
export interface StateKeeper {
  /** Before anything starts. Throws `STATE_INVALID`. */
  restore(): Promise<void>
  /** Everything but the receivers runs. */
  begin(): Promise<void>
  /** Everything runs. */
  ready(): Promise<void>
  /** Nothing comes in any more, and the lanes are closed. Resolves to whether all is kept. */
  save(): Promise<boolean>
}

interface RunnerHost {
  readonly log: Logger
  readonly clock: Clock
  readonly entrance: Entrance
  readonly keeper: StateKeeper | undefined
}

/**
 * Starts what is downstream first and stops what is upstream first, so that nothing is ever put out to where nobody
 * listens.
 */
export class Runner {
  #topology: Topology
  #host: RunnerHost
  #started: { component: Component; part: Lifecycle }[] = []
  #receiversCompleted: Promise<unknown> = Promise.resolve()

  constructor(topology: Topology, host: RunnerHost) {
    this.#topology = topology
    this.#host = host
  }

  /** Ready to receive when it resolves. Rejects with what could not start; what had started is stopped again. */
  async start(signal: AbortSignal): Promise<void> {
    const { receivers, pipelines, exporters } = this.#topology
    const { keeper } = this.#host
    await keeper?.restore()
    try {
      for (const { component, exporter } of exporters) await this.#start(component, exporter, signal)
      for (const { lane } of exporters) lane.start()
      for (const pipeline of pipelines.toReversed()) {
        for (const { component, processor } of pipeline.processors) await this.#start(component, processor, signal)
        pipeline.open()
      }
      await keeper?.begin()
      this.#receiversCompleted = Promise.all(receivers.map(receiver => this.#listen(receiver)))
      for (const { component, receiver } of receivers) await this.#start(component, receiver, signal)
    } catch (error) {
      await this.#stopAll(AbortSignal.abort())
      throw error
    }
    await keeper?.ready()
  }

  /**
   * Drains: receivers close, processors put out what they hold (or keep it for the next start), exporters empty their
   * queues. After `timeoutMs` what is left goes back to its senders. Resolves to whether everything got out or was kept.
   */
  async stop(timeoutMs: number): Promise<boolean> {
    const { receivers, pipelines, exporters } = this.#topology
    const { clock, entrance, keeper } = this.#host
    const deadline = new AbortController()
    const cancel = clock.setTimer(timeoutMs, () =>
      deadline.abort(new WeirError('COMPONENT_FAILED', 'shutdown_timeout is over'))
    )
    const expired = new Promise(resolve => deadline.signal.addEventListener('abort', resolve, { once: true }))
    // Not awaited yet: receivers wait for replies, and those for what follows.
    const closing = Promise.all(
      receivers.map(({ component, receiver }) => this.#stop(component, receiver, deadline.signal))
    )
    await Promise.race([this.#receiversCompleted, expired])
    await entrance.drain(deadline.signal)
    for (const { component } of receivers) this.#completeFedBy(component.id)
    await Promise.race([Promise.all(pipelines.map(pipeline => pipeline.completed)), expired])
    await Promise.all(exporters.map(({ lane }) => lane.close(deadline.signal)))
    await Promise.race([closing, expired])
    const kept = (await keeper?.save()) ?? true
    if (deadline.signal.aborted) this.#reportUnsent()
    await this.#stopAll(deadline.signal)
    cancel()
    return kept && !deadline.signal.aborted
  }

  /** What senders had handed over, and exporters not taken. */
  #reportUnsent(): void {
    for (const { processors } of this.#topology.pipelines) {
      for (const { component, processor } of processors) {
        const items = component.account.inFlight
        if (items === 0) continue
        if (this.#host.keeper !== undefined && processor.snapshot !== undefined)
          component.log.warn({ items }, 'not sent when shutdown_timeout was over; kept for the next start')
        else
          component.log.error(
            { items },
            'not sent when shutdown_timeout was over, and lost: service.state_dir keeps it for the next start'
          )
      }
    }
  }

  /** Resolves when the receiver has put out its last batch. */
  #listen({ component, receiver }: BuiltReceiver): Promise<void> {
    const { entrance } = this.#host
    return new Promise(resolve => {
      receiver.batches$.subscribe({ next: batch => entrance.push(component.id, batch), complete: resolve })
    })
  }

  #completeFedBy(receiver: string): void {
    for (const pipeline of this.#topology.pipelines)
      if (pipeline.config.receivers.includes(receiver)) pipeline.sourceCompleted()
  }

  async #start(component: Component, part: Lifecycle, signal: AbortSignal): Promise<void> {
    try {
      await part.start?.(signal)
      this.#started.push({ component, part })
    } catch (error) {
      if (error instanceof WeirError) throw error
      throw new WeirError('COMPONENT_FAILED', `${component.name} could not start: ${describeError(error)}`, {
        cause: error
      })
    }
  }

  async #stop(component: Component, part: Lifecycle, signal: AbortSignal): Promise<void> {
    this.#started = this.#started.filter(entry => entry.part !== part)
    try {
      await part.stop?.(signal)
    } catch (error) {
      component.log.error({ err: describeError(error) }, 'could not stop cleanly')
    }
  }

  async #stopAll(signal: AbortSignal): Promise<void> {
    for (const { component, part } of this.#started.toReversed()) await this.#stop(component, part, signal)
  }
}
