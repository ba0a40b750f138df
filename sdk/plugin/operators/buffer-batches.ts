import type { OperatorFunction, SchedulerLike, Subscription } from 'rxjs'
import { Batch } from '../../../core/batch/batch.ts'
import { joinBlocks } from '../../../core/model/join.ts'
import { Observable } from '../../../core/rxjs.ts'

export interface BufferBatchesOptions {
  /** Emits when so many items are there; a larger batch goes alone. */
  readonly maxItems: number
  /** Emits so long after the first batch, however few items are there. */
  readonly maxTimeMs: number
  /** `context.scheduler`. */
  readonly scheduler: SchedulerLike
}

/** Batches that become one. */
interface Buffer {
  readonly batches: Batch[]
  items: number
  timer: Subscription
}

/**
 * Joins batches of one type and source. Each is answered by the outcome of the batch it went into. Call it anew for
 * each stream: the buffer is the stream's.
 */
export function bufferBatches({
  maxItems,
  maxTimeMs,
  scheduler
}: BufferBatchesOptions): OperatorFunction<Batch, Batch> {
  return source =>
    new Observable(output => {
      const buffers = new Map<string, Buffer>()
      const flush = (key: string) => {
        const { batches, timer } = buffers.get(key)!
        buffers.delete(key)
        timer.unsubscribe()
        output.next(joined(batches))
      }
      const begin = (key: string): Buffer => {
        const timer = scheduler.schedule(() => flush(key), maxTimeMs)
        output.add(timer)
        const buffer = { batches: [], items: 0, timer }
        buffers.set(key, buffer)
        return buffer
      }
      return source.subscribe({
        next(batch) {
          const { block, origin } = batch
          const key = `${block.type} ${origin.source}`
          if ((buffers.get(key)?.items ?? 0) + block.length > maxItems && buffers.has(key)) flush(key)
          const buffer = buffers.get(key) ?? begin(key)
          buffer.batches.push(batch)
          buffer.items += block.length
          if (buffer.items >= maxItems) flush(key)
        },
        error: error => output.error(error),
        complete() {
          for (const key of [...buffers.keys()]) flush(key)
          output.complete()
        }
      })
    })
}

function joined(batches: readonly Batch[]): Batch {
  return batches.length === 1 ? batches[0] : Batch.merge(batches, joinBlocks(batches.map(({ block }) => block)))
}
