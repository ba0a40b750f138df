import { Observable, type OperatorFunction } from 'rxjs'
import { WeirError } from '../errors.ts'
import type { Context } from '../plugin/context.ts'
import type { Batch } from './batch.ts'

/**
 * Lets batches pass, or hands them back to their senders to come again later, booked as refused. Not for where a journal
 * has acknowledged them.
 *
 * @param refusal why a batch may not pass now, in words that follow the processor's name; undefined where it may
 */
export function gate(context: Context, refusal: (batch: Batch) => string | undefined): OperatorFunction<Batch, Batch> {
  return source =>
    new Observable(output =>
      source.subscribe({
        next: batch => {
          const reason = refusal(batch)
          if (reason === undefined) return output.next(batch)
          context.account.refused += batch.block.length
          batch.nack(new WeirError('QUEUE_FULL', `processor ${context.id} ${reason}; try again later`))
        },
        error: error => output.error(error),
        complete: () => output.complete()
      })
    )
}

/** Throws where a processor that hands batches back stands behind a journal. */
export function refuseJournal({ replayed, id }: Context, advice: string): void {
  if (!replayed) return
  throw new WeirError(
    'CONFIG_INVALID',
    `processor ${id}: with a journal a batch was acknowledged before it comes here, so it cannot go back to its sender; ${advice}`
  )
}
