import type { SchedulerAction, SchedulerLike } from 'rxjs'
import { Subscription } from '../rxjs.ts'
import type { Clock } from '../telemetry/clock.ts'

/**
 * A clock as RxJS's operators take it: `bufferTime(1000, undefined, Infinity, context.scheduler)`. On the virtual clock of a
 * pipeline they do the same again when the same is processed again.
 */
export class ClockScheduler implements SchedulerLike {
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  now(): number {
    return this.#clock.now()
  }

  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay = 0, state?: T): Subscription {
    return new ClockAction(this.#clock, work).schedule(state, delay)
  }
}

class ClockAction<T> extends Subscription implements SchedulerAction<T> {
  readonly #clock: Clock
  readonly #work: (this: SchedulerAction<T>, state?: T) => void
  #cancel: (() => void) | undefined

  constructor(clock: Clock, work: (this: SchedulerAction<T>, state?: T) => void) {
    super()
    this.#clock = clock
    this.#work = work
    this.add(() => this.#cancel?.())
  }

  /** Again, in `delay` ms: an action that is scheduled twice runs once. */
  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this
    this.#cancel?.()
    this.#cancel = this.#clock.setTimer(Math.max(0, delay), () => {
      this.#cancel = undefined
      this.#work(state)
      // Nothing is left to be cancelled.
      if (this.#cancel === undefined) this.unsubscribe()
    })
    return this
  }
}
