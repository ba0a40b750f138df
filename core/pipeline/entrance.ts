import { WeirError } from '../errors.ts'
import type { Batch } from './batch.ts'
import type { CreditPool } from './credits.ts'
import type { Sink } from './sink.ts'

/** Between receivers and pipelines: where batches become Weir's to deliver. */
export interface Entrance {
  /** Takes the handle over. Never throws. */
  push(receiver: string, batch: Batch): void
  /** Resolves once everything that was pushed has been handed on, or will be after the next start. */
  drain(deadline: AbortSignal): Promise<void>
}

/**
 * Delivery level `memory`: straight through; the reply waits for what becomes of the batch. Closed while processors
 * cannot put out what they own, or what they hold would grow without end.
 */
export function directEntrance(sinks: ReadonlyMap<string, Sink>, ownedCredits: CreditPool): Entrance {
  return {
    push(receiver, batch) {
      if (!ownedCredits.isSpent) return sinks.get(receiver)!.push(batch)
      batch.nack(new WeirError('QUEUE_FULL', 'exporters are behind and limits.owned is spent; try again later'))
    },
    drain: () => Promise.resolve()
  }
}
