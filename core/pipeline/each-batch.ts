import { Observable, type OperatorFunction } from 'rxjs'
import type { Batch } from './batch.ts'

/** An operator that gives every batch to `take`, which passes it on by `output`, settles it, or keeps it. */
export function eachBatch(
  take: (batch: Batch, output: (batch: Batch) => void) => void
): OperatorFunction<Batch, Batch> {
  return source =>
    new Observable(observer => {
      const output = (batch: Batch) => observer.next(batch)
      return source.subscribe({
        next: batch => take(batch, output),
        error: error => observer.error(error),
        complete: () => observer.complete()
      })
    })
}
