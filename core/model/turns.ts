import { setImmediate as othersTurn } from 'node:timers/promises'
import { runFor, type Stepwise } from './stepwise.ts'

const LEAST_TURN_MS = 1
const MOST_TURN_MS = 20
/** A turn may take this share of the time that others took. Turns as long as theirs would double what they wait. */
const LEAST_SHARE = 0.5
/** With two that have it, a fifth of the time is left for others. */
const MOST_SHARE = 2
/** One that others have held up for longer falls behind, so its share grows. */
const PATIENCE_MS = 1000
/** It has the largest share when it was held up for so long. */
const MOST_HELD_UP_MS = 4000
/** Time that works have had by turns, ms: to each of them others are those that do not go by turns. */
let worked = 0

/**
 * Turns on a thread that receives data, for one that does long work and is not waited for by receivers, such as an exporter.
 * If others take long, so do its turns: on a busy thread it would fall behind for good otherwise.
 */
export class Turns {
  /** How long others have held it up of late, ms. It goes by as time does in which it wanted no turn. */
  #heldUpMs = 0
  /** When its last turn ended, and the value of {@link worked} then. */
  #endedAt = 0
  #workedThen = 0

  /** Resolves to the result of `work`. Rejects before its next step once `signal` is aborted. */
  async finish<T>(work: Stepwise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    for (let result = this.first(work); ; result = this.next(work)) {
      if (result.done) return result.value
      await othersTurn()
      signal?.throwIfAborted()
    }
  }

  /** Steps of work that has just come. */
  first<T>(work: Stepwise<T>): IteratorResult<void, T> {
    this.#heldUpMs = Math.max(0, this.#heldUpMs - (performance.now() - this.#endedAt))
    return this.#run(work, LEAST_TURN_MS)
  }

  /** More steps, after others have had their turn. */
  next<T>(work: Stepwise<T>): IteratorResult<void, T> {
    const othersMs = performance.now() - this.#endedAt - (worked - this.#workedThen)
    this.#heldUpMs = Math.min(MOST_HELD_UP_MS, this.#heldUpMs + othersMs)
    const turnMs = othersMs * this.#share
    return this.#run(work, Math.min(MOST_TURN_MS, Math.max(LEAST_TURN_MS, turnMs)))
  }

  /** One step of work that waits for something else than its turn. */
  step<T>(work: Stepwise<T>): IteratorResult<void, T> {
    return this.#run(work, 0)
  }

  get #share(): number {
    const impatience = Math.max(0, this.#heldUpMs - PATIENCE_MS) / (MOST_HELD_UP_MS - PATIENCE_MS)
    return LEAST_SHARE + (MOST_SHARE - LEAST_SHARE) * impatience
  }

  #run<T>(work: Stepwise<T>, ms: number): IteratorResult<void, T> {
    const begun = performance.now()
    try {
      return runFor(work, ms)
    } finally {
      this.#endedAt = performance.now()
      worked += this.#endedAt - begun
      this.#workedThen = worked
    }
  }
}
