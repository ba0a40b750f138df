import type { Batch } from './batch.ts'
import type { Sink } from './sink.ts'

/** Between receivers and pipelines: where batches become Weir's to deliver. */
export interface Entrance {
  /** Takes the handle over. Never throws. */
  push(receiver: string, batch: Batch): void
  /** Resolves once everything that was pushed has been handed on, or will be after the next start. */
  drain(deadline: AbortSignal): Promise<void>
}

/** Delivery level `memory`: straight through; the reply waits for what becomes of the batch. */
export function directEntrance(sinks: ReadonlyMap<string, Sink>): Entrance {
  return {
    push: (receiver, batch) => sinks.get(receiver)!.push(batch),
    drain: () => Promise.resolve()
  }
}
