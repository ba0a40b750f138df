import type { Batch } from '../../core/batch/batch.ts'
import type { Receiver } from '../../core/plugin/contract.ts'
import type { TestContext } from './test-context.ts'

const TIMEOUT_MS = 10_000

export interface ReceiverHarnessOptions {
  /** Settles the batches that the receiver takes in; by default all are acknowledged. `turn` counts batches, from 0. */
  readonly downstream?: (batch: Batch, turn: number) => void
}

/** A receiver as its host runs it, in front of pipelines that the test is. */
export class ReceiverHarness {
  readonly context: TestContext
  readonly receiver: Receiver
  /** All it took in, in order. */
  readonly received: Batch[] = []
  /** True once it has completed `batches$`. */
  isCompleted = false
  #completed = Promise.withResolvers<void>()

  constructor(
    receiver: Receiver,
    context: TestContext,
    { downstream = batch => batch.ack() }: ReceiverHarnessOptions = {}
  ) {
    this.receiver = receiver
    this.context = context
    receiver.batches$.subscribe({
      next: batch => downstream(batch, this.received.push(batch) - 1),
      complete: () => {
        this.isCompleted = true
        this.#completed.resolve()
      }
    })
  }

  async start(): Promise<this> {
    await this.receiver.start?.(AbortSignal.timeout(TIMEOUT_MS))
    return this
  }

  /** Resolves once it has stopped and completed its batches. */
  async stop(): Promise<void> {
    await this.receiver.stop?.(AbortSignal.timeout(TIMEOUT_MS))
    await this.#completed.promise
  }
}
