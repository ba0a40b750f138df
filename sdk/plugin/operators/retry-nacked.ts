import type { OperatorFunction, SchedulerLike } from 'rxjs'
import { Batch, type Outcome } from '../../../core/batch/batch.ts'
import { Observable } from '../../../core/rxjs.ts'

export interface RetryNackedOptions {
  /** Times that a batch is emitted in all. */
  readonly attempts: number
  /** Before the second attempt; twice as long before each further one. */
  readonly pauseMs: number
  /** `context.scheduler`. */
  readonly scheduler: SchedulerLike
}

/** Emits a nacked batch again, instead of nacking it to its sender at once. It is the processor's meanwhile. */
export function retryNacked({ attempts, pauseMs, scheduler }: RetryNackedOptions): OperatorFunction<Batch, Batch> {
  return source =>
    new Observable(output => {
      let waiting = 0
      let isComplete = false
      const emit = (batch: Batch, attempt: number): void =>
        output.next(Batch.derive([batch], batch.block, outcome => settle(batch, attempt, outcome)))
      const settle = (batch: Batch, attempt: number, outcome: Outcome): void => {
        if (outcome.status !== 'nacked' || attempt >= attempts || output.closed) return batch.settle(outcome)
        waiting++
        const retry = () => {
          waiting--
          emit(batch, attempt + 1)
          if (isComplete && waiting === 0) output.complete()
        }
        output.add(scheduler.schedule(retry, pauseMs * 2 ** (attempt - 1)))
      }
      return source.subscribe({
        next: batch => emit(batch, 1),
        error: error => output.error(error),
        complete() {
          isComplete = true
          if (waiting === 0) output.complete()
        }
      })
    })
}
