import { Batch, type Origin, type Outcome } from '../../core/batch/batch.ts'
import type { Block } from '../../core/model/block.ts'
import { buildStage } from '../../core/pipeline/stage/build-stage.ts'
import type { HeldState, Stage } from '../../core/pipeline/stage/stage.ts'
import type { Processor } from '../../core/plugin/contract.ts'
import { advanceInTurns, type TestContext } from './test-context.ts'

export interface ProcessorHarnessOptions {
  /** Settles the processor's output; by default all is acknowledged. `turn` counts batches, from 0. */
  readonly downstream?: (batch: Batch, turn: number) => void
  /** Set if the stream ends for a reload, so that held batches are sent, and not for good. */
  readonly isReloading?: boolean
}

/**
 * A processor as its host runs it, between a sender and an exporter that the test is. Call {@link open} before the
 * first batch.
 */
export class ProcessorHarness {
  readonly context: TestContext
  readonly processor: Processor
  /** All it emitted, in order. */
  readonly sent: Batch[] = []
  /** True once it has emitted its last batch. */
  isFinished = false
  #stage: Stage

  constructor(processor: Processor, context: TestContext, options: ProcessorHarnessOptions = {}) {
    const { downstream = batch => batch.ack(), isReloading = false } = options
    this.context = context
    this.processor = processor
    const { clock, heldCredits, replayed } = context
    const host = { context, clock, machineClock: clock, heldCredits, replayed, isReloading: () => isReloading }
    this.#stage = buildStage(processor, host, batch => downstream(batch, this.sent.push(batch) - 1))
  }

  /** Batches inside its operator, as checkpoints have them. Undefined if it is no operator. */
  get held(): HeldState | undefined {
    return this.#stage.held
  }

  /** True if it takes batches now. */
  get isReady(): boolean {
    return this.#stage.isReady
  }

  open(): this {
    this.#stage.open()
    return this
  }

  push(batch: Batch): void {
    this.#stage.push(batch)
  }

  /** A batch of `source` was refused in front of its pipeline. */
  refuse(source = 'test'): void {
    this.#stage.inputRefused?.(source)
  }

  /** Resolves to how the batch of `block` was settled. */
  send(block: Block, origin: Origin = { source: 'test' }): Promise<Outcome> {
    return new Promise(resolve => this.push(Batch.of(origin, block, resolve)))
  }

  /** Moves the clock by `ms`, from timer to timer. Waiting promises have their turn in between. */
  advance(ms: number): Promise<void> {
    return advanceInTurns(this.context.clock, ms)
  }

  /** No batch comes any more. Resolves once it has emitted its last; time may have to go by for that. */
  async finish(): Promise<void> {
    await this.#stage.finish()
    this.isFinished = true
  }

  /** Nacks the batches inside its operator. */
  abandon(error: Error): void {
    this.#stage.abandon(error)
  }
}
