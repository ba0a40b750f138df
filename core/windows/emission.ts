import { Turns } from '../model/turns.ts'
import type { Context } from '../plugin/context.ts'

/** If exporters have this part of all output in hand, an emission goes one step at a time: more would only take memory. */
const ENOUGH_OUTPUT = 0.25

/**
 * The emission of closed windows. It goes in steps, so that nobody waits for all of it. With a journal nothing comes in until
 * it is done; without one, batches are counted in between.
 */
export class Emission {
  readonly #context: Pick<Context, 'inSteps' | 'outputBudget' | 'replayed'>
  /** Sends what was emitted. False if exporters do not take all of it, and it should wait for them. */
  readonly #send: () => boolean
  /** Called once an emission in steps is done. */
  readonly #onDone: () => void
  readonly #turns = new Turns()
  #running: Generator<void> | undefined
  #isInSteps = false
  /** True if it waits until it is told to go on, since exporters take nothing. */
  #isPaused = false
  /** True until its next turn: others did not hold it up. */
  #wasPaused = false

  constructor(context: Context, send: () => boolean, onDone: () => void) {
    this.#context = context
    this.#send = send
    this.#onDone = onDone
  }

  /** True while it goes in steps and batches may come in. */
  get isInSteps(): boolean {
    return this.#isInSteps
  }

  /** Begins one, once the one before is done. */
  begin(work: Generator<void>): void {
    this.#running = work
    if (this.#context.replayed) {
      if (this.step()) this.#context.inSteps(() => this.step())
    } else if (this.#turns.first(work).done) this.#running = undefined
    else {
      this.#isInSteps = true
      this.#takeTurns()
    }
  }

  /** To be called from time to time: exporters may take more than they did. */
  goOn(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#wasPaused = true
    this.#takeTurns()
  }

  /** One step. True if there is more. */
  step(): boolean {
    if (this.#running?.next().done !== false) this.#running = undefined
    return this.#running !== undefined
  }

  /** All the rest of it. */
  finish(): void {
    while (this.step());
    if (!this.#isInSteps) return
    this.#isInSteps = this.#isPaused = false
    this.#onDone()
  }

  #takeTurns(): void {
    this.#context.inSteps(() => {
      if (!this.#isInSteps || this.#isPaused) return false
      this.#isPaused = !this.#send()
      if (this.#isPaused) return false
      const isDone = !this.#takeTurn()
      if (isDone) this.finish()
      return !isDone
    })
  }

  /** True if there is more. */
  #takeTurn(): boolean {
    if (this.#running === undefined) return false
    const { used, capacity } = this.#context.outputBudget
    const isEnough = used > capacity * ENOUGH_OUTPUT
    const turn = isEnough ? 'step' : this.#wasPaused ? 'first' : 'next'
    this.#wasPaused = false
    const { done } = this.#turns[turn](this.#running)
    if (done) this.#running = undefined
    return !done
  }
}
