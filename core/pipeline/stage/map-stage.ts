import type { Batch } from '../../batch/batch.ts'
import type { MapProcessor } from '../../plugin/contract.ts'
import { asError } from './as-error.ts'
import type { Stage, StageHost } from './stage.ts'

/** A function from block to block: keeps its books, and outlives its errors. */
export class MapStage implements Stage {
  readonly isReady = true
  readonly held = undefined
  #processor: MapProcessor
  #host: StageHost
  #output: (batch: Batch) => void

  constructor(processor: MapProcessor, host: StageHost, output: (batch: Batch) => void) {
    this.#processor = processor
    this.#host = host
    this.#output = output
  }

  open(): void {}

  push(batch: Batch): void {
    const { block } = batch
    const { account, log } = this.#host.context
    const before = account.droppedTotal
    account.received += block.length
    let result: typeof block
    try {
      result = this.#processor.process(block)
      if (!(result?.length >= 0)) throw new Error('process returned no block')
    } catch (thrown) {
      const error = asError(thrown)
      log.error({ err: error }, 'the processor threw; the batch goes back to its sender')
      account.refused += block.length
      return batch.nack(error)
    }
    const missing = block.length - result.length - (account.droppedTotal - before)
    if (missing > 0) account.drop('unstated', missing)
    else account.produced -= missing
    account.sent += result.length
    if (result !== block) account.inherit(block, result)
    if (result === block) this.#output(batch)
    else if (result.length > 0) this.#output(batch.replace(result))
    else batch.ack()
  }

  async finish(): Promise<void> {}

  abandon(): void {}
}
