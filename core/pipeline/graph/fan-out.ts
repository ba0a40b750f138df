import type { Batch } from '../../batch/batch.ts'
import { WeirError } from '../../errors.ts'

/** Where batches go: a sending queue, a pipeline, or several of them. */
export interface Sink {
  /** Whether everything behind it has room for another batch. */
  hasRoom(): boolean
  /** Takes the handle over. Never throws. */
  push(batch: Batch): void
}

/**
 * Gives a batch to each of `sinks`, or to none: where one is full the batch is handed back before any other has it, or
 * its sender's second try would count twice there. With a journal nothing is handed back any more: who feeds it waits
 * for room (`feederWaits`), and what one entry brings is taken, though a queue may run over by it.
 */
export function fanOut(sinks: readonly Sink[], feederWaits: boolean): Sink {
  const hasRoom = () => sinks.every(sink => sink.hasRoom())
  return {
    hasRoom,
    push(batch) {
      if (!feederWaits && !hasRoom())
        return batch.nack(new WeirError('QUEUE_FULL', 'an exporter is behind and its queue is full; try again later'))
      if (sinks.length === 1) return sinks[0].push(batch)
      const branches = batch.fork(sinks.length)
      for (let i = 0; i < sinks.length; i++) sinks[i].push(branches[i])
    }
  }
}
