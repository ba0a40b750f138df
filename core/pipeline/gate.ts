import type { OperatorFunction } from 'rxjs'
import { WeirError } from '../errors.ts'
import type { Context } from '../plugin/context.ts'
import type { Batch } from './batch.ts'
import { eachBatch } from './each-batch.ts'

/**
 * Lets batches pass, or hands them back to their senders to come again later, booked as refused. Not for where a journal
 * has acknowledged them: such a plugin declares `handsBack`.
 *
 * @param refusal why a batch may not pass now, in words that follow the processor's name; undefined where it may
 */
export function gate(context: Context, refusal: (batch: Batch) => string | undefined): OperatorFunction<Batch, Batch> {
  return eachBatch((batch, output) => {
    const reason = refusal(batch)
    if (reason === undefined) return output(batch)
    context.account.refused += batch.block.length
    batch.nack(new WeirError('QUEUE_FULL', `processor ${context.id} ${reason}; try again later`))
  })
}
