import { runFor, type Stepwise } from '../../model/stepwise.ts'

/** Work of {@link CooperativeScheduler.run} before others have their turn. */
const RUN_MS = 1

/**
 * Work that is done in steps, so that nobody waits for all of it. While somebody hands batches on, he drives it: then
 * nothing comes in and no time goes by until it is done, as if it had been done at once.
 */
export class CooperativeScheduler {
  #waiting: (() => boolean)[] = []
  #wakeDriver: (() => void) | undefined
  #isScheduled = false

  /** From now on steps are taken by {@link takeOne} alone. `wake` is called when there is a step to take. */
  drive(wake: () => void): void {
    this.#wakeDriver = wake
  }

  /** The remaining work takes its steps by itself. */
  leave(): void {
    this.#wakeDriver = undefined
    this.#schedule()
  }

  get isDone(): boolean {
    return this.#waiting.length === 0
  }

  /** `step` is called until it returns false: nothing is left to do. */
  add(step: () => boolean): void {
    this.#waiting.push(step)
    if (this.#wakeDriver === undefined) this.#schedule()
    else this.#wakeDriver()
  }

  /**
   * Resolves to the result of `work`. Most of its steps are far shorter than a millisecond, so one step runs for that
   * long.
   */
  run<T>(work: Stepwise<T>): Promise<T> {
    return new Promise((resolve, reject) =>
      this.add(() => {
        try {
          const { done, value } = runFor(work, RUN_MS)
          if (done) resolve(value)
          return !done
        } catch (error) {
          reject(error)
          return false
        }
      })
    )
  }

  takeOne(): void {
    const step = this.#waiting[0]
    if (step !== undefined && !step()) this.#waiting.splice(this.#waiting.indexOf(step), 1)
  }

  #schedule(): void {
    if (this.#isScheduled || this.isDone) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      if (this.#wakeDriver !== undefined) return
      this.takeOne()
      this.#schedule()
    })
  }
}
