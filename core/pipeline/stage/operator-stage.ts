import type { Subscription } from 'rxjs'
import type { Batch } from '../../batch/batch.ts'
import { WeirError } from '../../errors.ts'
import type { StreamProcessor } from '../../plugin/contract.ts'
import { asError } from './as-error.ts'
import { HeldBatches } from './held-batches.ts'
import { OperatorHeldState } from './held-state.ts'
import { OperatorInput } from './operator-input.ts'
import { Restarts } from './restarts.ts'
import type { Stage, StageHost } from './stage.ts'

const IDLE_POLL_MS = 10

/**
 * The one place where RxJS runs in a pipeline: an operator from batches to batches, which may hold, merge, split and
 * reorder them. RxJS ends a stream at its first error. Here all batches inside the operator are nacked, and it is
 * subscribed anew.
 */
export class OperatorStage implements Stage {
  readonly held: OperatorHeldState
  #processor: StreamProcessor
  #host: StageHost
  #output: (batch: Batch) => void
  #batches: HeldBatches
  #restarts: Restarts
  #input = new OperatorInput(thrown => this.#fail(thrown))
  #subscription: Subscription | undefined
  /** Resolved once the operator has completed, or is given up, after its input. */
  #ended: PromiseWithResolvers<void> | undefined
  #isKept = false

  constructor(processor: StreamProcessor, host: StageHost, output: (batch: Batch) => void) {
    this.#processor = processor
    this.#host = host
    this.#output = output
    const { account, status } = host.context
    this.#batches = new HeldBatches({
      account,
      heldCredits: host.heldCredits,
      onDropped: error => {
        host.context.log.error({ err: error }, 'the batch goes back to its sender')
        status('degraded', error.message)
      }
    })
    this.held = new OperatorHeldState(
      this.#batches,
      host,
      batch => this.#take(batch),
      handle => this.#emit(handle)
    )
    this.#restarts = new Restarts(host, () => this.#subscribe())
    host.clock.onError = thrown => this.#fail(thrown)
  }

  get isReady(): boolean {
    return this.#subscription !== undefined
  }

  open(): void {
    this.held.resume(() => this.#subscribe())
  }

  push(batch: Batch): void {
    this.#host.context.account.received += batch.block.length
    this.#take(batch)
  }

  async finish(): Promise<void> {
    this.#ended = Promise.withResolvers()
    // Only the journal's entries move time, and they have ended.
    if (this.#host.replayed && !this.#host.isReloading()) this.#keep()
    else if (this.#subscription === undefined) this.#close()
    else this.#input.complete()
    if (this.#host.replayed && this.#subscription !== undefined) void this.#runAhead()
    await this.#ended.promise
  }

  abandon(error: Error): void {
    if (this.#isKept) return
    this.#stop()
    this.#batches.abandon(error)
    this.#ended?.resolve()
  }

  #take(batch: Batch): void {
    if (this.#subscription === undefined) return this.#refuse(batch, this.#restarts.reason)
    try {
      this.#input.next(this.#batches.take(batch, this.#host.clock.now()))
    } catch (thrown) {
      // An error thrown by the operator comes another way: this block cannot even be measured.
      this.#refuse(batch, asError(thrown))
    }
  }

  #refuse(batch: Batch, error: Error): void {
    this.#host.context.account.refused += batch.block.length
    batch.nack(error)
  }

  #subscribe(): void {
    this.held.subscribedAt = this.#host.clock.now()
    const input = new OperatorInput(thrown => this.#failOf(input, thrown))
    this.#input = input
    try {
      const subscription = input.pipe(this.#processor.operator()).subscribe({
        next: handle => this.#input === input && this.#emit(handle),
        error: thrown => this.#failOf(input, thrown),
        complete: () => this.#completed(input)
      })
      // It may have failed at once.
      if (this.#input === input) this.#subscription = subscription
      else subscription.unsubscribe()
    } catch (thrown) {
      this.#failOf(input, thrown)
    }
  }

  #emit(handle: Batch): void {
    if (this.held.defer(handle)) return
    let batch: Batch | undefined
    try {
      batch = this.#batches.emit(handle)
    } catch (thrown) {
      return this.#fail(thrown)
    }
    if (batch === undefined) return
    this.#restarts.succeeded()
    this.#output(batch)
  }

  #completed(input: OperatorInput): void {
    if (this.#ended !== undefined) this.#close()
    else this.#failOf(input, new Error('its stream ended before the one it reads did'))
  }

  #failOf(input: OperatorInput, thrown: unknown): void {
    if (this.#input === input) this.#fail(thrown)
  }

  #fail(thrown: unknown): void {
    const error = asError(thrown)
    const { log, status } = this.#host.context
    log.error({ err: error }, 'the operator failed; the batches it held are nacked, and it is subscribed again')
    status('degraded', error.message)
    this.#stop()
    this.#batches.abandon(error)
    if (this.#ended === undefined) this.#restarts.failed(error)
    else this.#ended.resolve()
  }

  /** Its input has ended. Batches that the operator still holds are nacked. */
  #close(): void {
    this.#stop()
    this.#batches.abandon(new WeirError('QUEUE_FULL', 'the pipeline is being shut down; try again later'))
    this.#ended!.resolve()
  }

  /** The last checkpoint has the batches inside. If they cannot be written down, the journal has them still. */
  #keep(): void {
    if (!this.#batches.areWhole) return this.#close()
    this.#isKept = true
    this.#stop()
    this.#ended!.resolve()
  }

  #stop(): void {
    const subscription = this.#subscription
    this.#subscription = undefined
    this.#input = new OperatorInput(() => {})
    this.#restarts.cancel()
    subscription?.unsubscribe()
  }

  /** Time runs on for an operator whose pipeline ends: its batches are to be sent as they stand. */
  async #runAhead(): Promise<void> {
    const { clock, machineClock } = this.#host
    clock.detach(clock.now())
    while (this.#subscription !== undefined) {
      if (Number.isFinite(clock.nextTimer)) clock.runTo(clock.nextTimer)
      else await new Promise<void>(resolve => machineClock.setTimer(IDLE_POLL_MS, resolve))
      await new Promise(setImmediate)
    }
  }
}
