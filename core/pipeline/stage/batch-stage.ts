import type { Batch } from '../../batch/batch.ts'
import type { BatchProcessor } from '../../plugin/contract.ts'
import { asError } from './as-error.ts'
import type { Stage, StageHost } from './stage.ts'

/** The stage of a processor that owns the batches it is given. The host books the items it receives and sends. */
export class BatchStage implements Stage {
  readonly held = undefined
  #processor: BatchProcessor
  #host: StageHost
  #output: (batch: Batch) => void

  constructor(processor: BatchProcessor, host: StageHost, output: (batch: Batch) => void) {
    this.#processor = processor
    this.#host = host
    this.#output = output
  }

  get isReady(): boolean {
    return !this.#processor.isBehind
  }

  open(): void {
    const { account } = this.#host.context
    this.#processor.open(batch => {
      account.book(batch.block, items => {
        account.sent += items
      })
      this.#output(batch)
    })
  }

  push(batch: Batch): void {
    const { account } = this.#host.context
    account.received += batch.block.length
    try {
      this.#processor.receive(batch)
    } catch (thrown) {
      const error = asError(thrown)
      this.#failed(error, 'the processor threw; the batch goes back to its sender')
      if (batch.spent) return
      account.refused += batch.block.length
      batch.nack(error)
    }
  }

  inputRefused(source: string): void {
    try {
      this.#processor.inputRefused?.(source)
    } catch (thrown) {
      this.#failed(asError(thrown), 'the processor threw; it was told of a batch that was refused')
    }
  }

  finish(): Promise<void> {
    return new Promise(resolve => {
      if (this.#processor.finish === undefined) resolve()
      else this.#processor.finish(resolve)
    })
  }

  abandon(): void {}

  #failed(error: Error, what: string): void {
    const { log, status } = this.#host.context
    log.error({ err: error }, what)
    status('degraded', error.message)
  }
}
