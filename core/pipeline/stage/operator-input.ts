import type { Observer, Subscription } from 'rxjs'
import type { Batch } from '../../batch/batch.ts'
import { Subject } from '../../rxjs.ts'

/**
 * The stream that an operator reads. RxJS rethrows in a timer an error thrown by an observer's `next`, which would end
 * the process. Here `fail` gets it instead.
 */
export class OperatorInput extends Subject<Batch> {
  #fail: (thrown: unknown) => void

  constructor(fail: (thrown: unknown) => void) {
    super()
    this.#fail = fail
  }

  override subscribe(observer?: Partial<Observer<Batch>> | ((batch: Batch) => void) | null): Subscription {
    // RxJS's own operators pass errors on by themselves.
    if (isSubscriber(observer)) return super.subscribe(observer)
    const { next, error, complete } = typeof observer === 'function' ? { next: observer } : (observer ?? {})
    return super.subscribe({
      next: batch => {
        try {
          next?.call(observer, batch)
        } catch (thrown) {
          this.#fail(thrown)
        }
      },
      error: error?.bind(observer),
      complete: complete?.bind(observer)
    })
  }
}

/** By its methods, not its class: a plugin may bring an RxJS of its own. */
function isSubscriber(observer: unknown): observer is Observer<Batch> & Subscription {
  const { add, unsubscribe } = (observer ?? {}) as Partial<Subscription>
  return typeof add === 'function' && typeof unsubscribe === 'function'
}
