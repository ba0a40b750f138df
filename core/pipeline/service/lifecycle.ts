import type { Logger } from 'pino'
import { describeError, WeirError } from '../../errors.ts'
import type { Lifecycle, Receiver } from '../../plugin/contract.ts'
import { formatDuration } from '../../schema/units.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'
import type { Component } from '../graph/component.ts'
import type { Pipeline } from '../graph/pipeline.ts'
import type { BuiltExporter, BuiltReceiver, Topology } from '../graph/topology.ts'
import type { Ingress } from '../ingest/ingress.ts'

/** How much longer than its signal a component may take to stop. */
const STOP_GRACE_MS = 1000

/** Keeps the state of components from one run to the next. */
export interface StateBackend {
  /** Before anything starts. Throws `STATE_INVALID`. */
  restore(): Promise<void>
  /** Everything but the receivers runs. */
  begin(): Promise<void>
  /** Everything runs. */
  ready(): Promise<void>
  /** Until {@link release} only {@link reloaded} writes state down: the topology is about to change. */
  hold(): Promise<void>
  release(): void
  /** There are other processors now, and nothing is forwarded to them yet. Resolves to whether that is written down. */
  reloaded(): Promise<boolean>
  /** Writes the state down, unless it is held. Resolves to true once that is done. */
  checkpoint(): Promise<boolean>
  /** Nothing comes in any more, and the sending queues are closed. Resolves to whether all is kept. */
  save(): Promise<boolean>
}

/** The part of a component that can be started and stopped. */
export interface Part {
  readonly component: Component
  readonly part: Lifecycle
}

interface RunnerHost {
  readonly log: Logger
  readonly clock: Clock
  readonly ingress: Ingress
  readonly stateBackend: StateBackend | undefined
  /** For the start of one component. */
  readonly startupTimeoutMs: number
}

/**
 * Starts downstream components first and stops upstream ones first, so that no batch is emitted to a component that is
 * not there.
 */
export class Runner {
  #topology: Topology
  #host: RunnerHost
  #started: Part[] = []
  /** Until it has emitted its last batch. */
  #receiving = new WeakMap<Receiver, Promise<void>>()

  constructor(topology: Topology, host: RunnerHost) {
    this.#topology = topology
    this.#host = host
  }

  /**
   * Ready to receive when it resolves. Rejects with the component that could not start. Those that had started are
   * stopped again.
   */
  async start(signal: AbortSignal): Promise<void> {
    const { receivers, pipelines, exporters, extensions } = this.#topology
    const { stateBackend } = this.#host
    try {
      for (const { component, receiver } of receivers)
        if (receiver.open !== undefined) await this.startPart(component, receiver, signal, receiver.open)
      await stateBackend?.restore()
      for (const exporter of exporters) await this.startExporter(exporter, signal)
      for (const pipeline of pipelines.toReversed()) await this.openPipeline(pipeline, signal)
      await stateBackend?.begin()
      for (const receiver of receivers) await this.startReceiver(receiver, signal)
      for (const { component, extension } of extensions) await this.startPart(component, extension, signal)
    } catch (error) {
      await this.#stopAll(AbortSignal.abort())
      throw error
    }
    await stateBackend?.ready()
  }

  async startExporter({ component, exporter, sendingQueue }: BuiltExporter, signal: AbortSignal): Promise<void> {
    await this.startPart(component, exporter, signal)
    sendingQueue.start()
  }

  async openPipeline(pipeline: Pipeline, signal: AbortSignal): Promise<void> {
    for (const { component, processor } of pipeline.processors) await this.startPart(component, processor, signal)
    pipeline.open()
  }

  async startReceiver({ component, receiver }: BuiltReceiver, signal: AbortSignal): Promise<void> {
    const { ingress } = this.#host
    const completed = new Promise<void>(resolve => {
      receiver.batches$.subscribe({ next: batch => ingress.push(component.id, batch), complete: resolve })
    })
    this.#receiving.set(receiver, completed)
    await this.startPart(component, receiver, signal)
  }

  /** Does not wait until the component's batches are settled. */
  async stopPart(part: Part, signal: AbortSignal): Promise<void> {
    await this.#stop(part.component, part.part, signal)
    part.component.dispose()
  }

  /**
   * Drains: receivers close, processors emit their state (or keep it for the next start), exporters empty their queues.
   * After `timeoutMs` the rest goes back to its senders. Resolves to true if everything got out or was kept.
   */
  async stop(timeoutMs: number): Promise<boolean> {
    const { receivers, pipelines, exporters, extensions } = this.#topology
    const { clock, ingress, stateBackend } = this.#host
    const deadline = new AbortController()
    const cancel = clock.setTimer(timeoutMs, () =>
      deadline.abort(new WeirError('COMPONENT_FAILED', 'shutdown_timeout is over'))
    )
    const expired = new Promise(resolve => deadline.signal.addEventListener('abort', resolve, { once: true }))
    const extensionsStopped = Promise.all(
      extensions.map(({ component, extension }) => this.#stop(component, extension, deadline.signal))
    )
    // Not awaited yet: receivers wait for replies, and replies for the steps below.
    const closing = Promise.all(
      receivers.map(({ component, receiver }) =>
        receiver.drain === undefined
          ? this.#stop(component, receiver, deadline.signal)
          : this.#end(component, receiver.drain(deadline.signal), deadline.signal)
      )
    )
    await Promise.race([Promise.all(receivers.map(({ receiver }) => this.#receiving.get(receiver))), expired])
    await ingress.drain(deadline.signal)
    await Promise.race([finishAll(pipelines), expired])
    for (const pipeline of pipelines) pipeline.abandon(new WeirError('QUEUE_FULL', 'Weir is shutting down'))
    await Promise.all(exporters.map(({ sendingQueue }) => sendingQueue.close(deadline.signal)))
    await Promise.race([Promise.all([closing, extensionsStopped]), expired])
    const kept = (await stateBackend?.save()) ?? true
    if (deadline.signal.aborted) this.#reportUnsent()
    await this.#stopAll(deadline.signal)
    cancel()
    return kept && !deadline.signal.aborted
  }

  /** Items that senders had handed over, and exporters not taken. */
  #reportUnsent(): void {
    for (const { processors } of this.#topology.pipelines) {
      for (const { component, processor } of processors) {
        const items = component.account.inFlight
        if (items === 0) continue
        if (this.#host.stateBackend !== undefined && processor.snapshot !== undefined)
          component.log.warn({ items }, 'not sent when shutdown_timeout was over; kept for the next start')
        else
          component.log.error(
            { items },
            'not sent when shutdown_timeout was over, and lost: service.state_dir keeps it for the next start'
          )
      }
    }
  }

  /** @param start the method of `part` that is a step of its start, if there is one */
  async startPart(
    component: Component,
    part: Lifecycle,
    signal: AbortSignal,
    start: Lifecycle['start'] = part.start
  ): Promise<void> {
    try {
      await this.#startInTime(component, part, signal, start)
      if (!this.#started.some(entry => entry.part === part)) this.#started.push({ component, part })
    } catch (error) {
      if (WeirError.is(error)) throw error
      throw new WeirError('COMPONENT_FAILED', `${component.name} could not start: ${describeError(error)}`, {
        cause: error
      })
    }
  }

  /** One that starts after its time is over is stopped again. */
  async #startInTime(
    component: Component,
    part: Lifecycle,
    signal: AbortSignal,
    start: Lifecycle['start']
  ): Promise<void> {
    const { clock, startupTimeoutMs } = this.#host
    const late = new AbortController()
    const message = `${component.name} did not start within ${formatDuration(startupTimeoutMs)}: check the server, file or port it waits for, or raise service.startup_timeout`
    const cancel = clock.setTimer(startupTimeoutMs, () => late.abort(new WeirError('COMPONENT_FAILED', message)))
    const either = AbortSignal.any([signal, late.signal])
    let starting: Promise<void> | undefined
    try {
      starting = start?.call(part, either)
      await Promise.race([starting, aborted(either).then(() => either.throwIfAborted())])
    } catch (error) {
      if (either.aborted) void starting?.then(() => this.#stop(component, part, AbortSignal.abort())).catch(() => {})
      throw error
    } finally {
      cancel()
    }
  }

  async #stop(component: Component, part: Lifecycle, signal: AbortSignal): Promise<void> {
    this.#started = this.#started.filter(entry => entry.part !== part)
    await this.#end(component, part.stop?.(signal), signal)
  }

  async #end(component: Component, ending: Promise<void> | undefined, signal: AbortSignal): Promise<void> {
    const over = new AbortController()
    try {
      await Promise.race([ending, this.#afterGrace(signal, over.signal)])
    } catch (error) {
      component.log.error({ err: describeError(error) }, 'could not stop cleanly')
    }
    over.abort()
  }

  /** Rejects some time after `signal` has fired, unless it is `over` before. */
  async #afterGrace(signal: AbortSignal, over: AbortSignal): Promise<void> {
    await aborted(AbortSignal.any([signal, over]))
    if (over.aborted) return
    await sleep(this.#host.clock, STOP_GRACE_MS, over).catch(() => {})
    if (!over.aborted) throw new Error('it was told to stop, and is not waited for any longer')
  }

  async #stopAll(signal: AbortSignal): Promise<void> {
    for (const { component, part } of this.#started.toReversed()) await this.#stop(component, part, signal)
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

/** Each after those it takes from. Resolves once the last one has emitted its last batch. */
export async function finishAll(pipelines: readonly Pipeline[]): Promise<void> {
  for (const pipeline of pipelines) await pipeline.finish()
}
