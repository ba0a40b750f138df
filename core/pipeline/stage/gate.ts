import type { Batch } from '../../batch/batch.ts'
import { WeirError } from '../../errors.ts'
import type { Context } from '../../plugin/context.ts'
import type { BatchProcessor } from '../../plugin/contract.ts'

/**
 * Lets batches pass, or hands them back to their senders to come again later, booked as refused. Not behind a journal,
 * which has acknowledged them: such a plugin declares `rejects`.
 */
export abstract class Gate implements BatchProcessor {
  protected readonly context: Context
  #emit: (batch: Batch) => void = () => {}

  constructor(context: Context) {
    this.context = context
  }

  /** The reason why a batch may not pass now, in words that follow the processor's name. Undefined if it may. */
  protected abstract refusal(batch: Batch): string | undefined

  open(emit: (batch: Batch) => void): void {
    this.#emit = emit
  }

  receive(batch: Batch): void {
    const reason = this.refusal(batch)
    if (reason === undefined) return this.#emit(batch)
    const { account, id } = this.context
    account.refused += batch.block.length
    batch.nack(new WeirError('QUEUE_FULL', `processor ${id} ${reason}; try again later`))
  }
}
