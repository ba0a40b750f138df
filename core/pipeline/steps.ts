/**
 * Work of processors that is done in steps, so that nobody waits for all of it. Who hands batches on may drive it: then
 * nothing comes in and no time goes by until it is done, as if it had been done at once.
 */
export class Steps {
  #waiting: (() => boolean)[] = []
  #isDriven = false
  #isScheduled = false

  /** From now on steps are taken by {@link takeOne} alone. */
  drive(): void {
    this.#isDriven = true
  }

  get isDone(): boolean {
    return this.#waiting.length === 0
  }

  /** `step` is called until it returns false: nothing is left to do. */
  add(step: () => boolean): void {
    this.#waiting.push(step)
    this.#schedule()
  }

  takeOne(): void {
    const step = this.#waiting[0]
    if (step !== undefined && !step()) this.#waiting.splice(this.#waiting.indexOf(step), 1)
  }

  #schedule(): void {
    if (this.#isDriven || this.#isScheduled || this.isDone) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.takeOne()
      this.#schedule()
    })
  }
}
