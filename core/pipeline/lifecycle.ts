import type { Logger } from 'pino'
import { describeError, WeirError } from '../errors.ts'
import type { Lifecycle } from '../plugin/contract.ts'
import type { Clock } from '../telemetry/clock.ts'
import type { BuiltProcessor, Topology } from './build.ts'
import type { Component } from './component.ts'
import { invalid, type StateStore } from './state-store.ts'

interface LifecycleHost {
  readonly log: Logger
  readonly clock: Clock
  readonly state: StateStore | undefined
}

/**
 * Starts what is downstream first and stops what is upstream first, so that nothing is ever put out to where nobody
 * listens.
 */
export class Runner {
  #topology: Topology
  #host: LifecycleHost
  #started: { component: Component; part: Lifecycle }[] = []

  constructor(topology: Topology, host: LifecycleHost) {
    this.#topology = topology
    this.#host = host
  }

  /** Ready to receive when it resolves. Rejects with what could not start; what had started is stopped again. */
  async start(signal: AbortSignal): Promise<void> {
    const { receivers, pipelines, exporters } = this.#topology
    this.#eachProcessor((entry, pipeline) => this.#restore(entry, pipeline))
    try {
      for (const { component, exporter } of exporters) await this.#start(component, exporter, signal)
      for (const { lane } of exporters) lane.start()
      for (const pipeline of pipelines.toReversed()) {
        for (const { component, processor } of pipeline.processors) await this.#start(component, processor, signal)
        pipeline.open()
      }
      for (const { receiver, sink, component } of receivers) {
        const feeds = pipelines.filter(pipeline => pipeline.config.receivers.includes(component.id))
        receiver.batches$.subscribe({
          next: batch => sink.push(batch),
          complete: () => {
            for (const pipeline of feeds) pipeline.sourceCompleted()
          }
        })
      }
      for (const { component, receiver } of receivers) await this.#start(component, receiver, signal)
    } catch (error) {
      await this.#stopAll(AbortSignal.abort())
      throw error
    }
    this.#eachProcessor((entry, pipeline) => this.#host.state?.remove(pipeline, entry.component.id))
  }

  /**
   * Drains: receivers close, processors put out what they hold (or keep it for the next start), exporters empty their
   * queues. After `timeoutMs` what is left goes back to its senders. Resolves to whether everything got out or was kept.
   */
  async stop(timeoutMs: number): Promise<boolean> {
    const { receivers, pipelines, exporters } = this.#topology
    const deadline = new AbortController()
    const cancel = this.#host.clock.setTimer(timeoutMs, () =>
      deadline.abort(new WeirError('COMPONENT_FAILED', 'shutdown_timeout is over'))
    )
    const expired = new Promise<void>(resolve =>
      deadline.signal.addEventListener('abort', () => resolve(), { once: true })
    )
    // Not awaited yet: receivers wait for replies, and those for what follows.
    const closing = Promise.all(
      receivers.map(({ component, receiver }) => this.#stop(component, receiver, deadline.signal))
    )
    await Promise.race([Promise.all(pipelines.map(pipeline => pipeline.completed)), expired])
    await Promise.all(exporters.map(({ lane }) => lane.close(deadline.signal)))
    await Promise.race([closing, expired])
    const kept = this.#saveState()
    await this.#stopAll(deadline.signal)
    cancel()
    return kept && !deadline.signal.aborted
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

  #restore({ component, processor }: BuiltProcessor, pipeline: string): void {
    if (!('restore' in processor)) return
    const state = this.#host.state?.read(pipeline, component.id)
    if (state === undefined) return
    try {
      processor.restore?.(state)
    } catch (error) {
      throw invalid(this.#host.state!.fileOf(pipeline, component.id), describeError(error))
    }
    component.log.info({ bytes: state.length }, 'state restored')
  }

  #saveState(): boolean {
    let saved = true
    this.#eachProcessor(({ component, processor }, pipeline) => {
      if (this.#host.state === undefined || !('snapshot' in processor)) return
      try {
        this.#host.state.write(pipeline, component.id, processor.snapshot!())
      } catch (error) {
        saved = false
        component.log.error({ err: describeError(error) }, 'could not save its state: what its windows held is lost')
      }
    })
    return saved
  }

  #eachProcessor(visit: (entry: BuiltProcessor, pipeline: string) => void): void {
    for (const { name, processors } of this.#topology.pipelines) for (const entry of processors) visit(entry, name)
  }
}
