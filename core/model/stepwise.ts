import { setImmediate as othersTurn } from 'node:timers/promises'

/** Work in steps of a few ms at most, most far shorter: the caller may do something else between them. */
export type Stepwise<T> = Generator<void, T>

/** All of it at once. */
export function runThrough<T>(work: Stepwise<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

/** Steps for `ms` at least, or until it is done. */
export function runFor<T>(work: Stepwise<T>, ms: number): IteratorResult<void, T> {
  const begun = performance.now()
  for (;;) {
    const result = work.next()
    if (result.done || performance.now() - begun >= ms) return result
  }
}

/** Steps for `ms` at a time, until it is done or ended by `return`. In between others have their turn. Then calls `onDone`. */
export function runInTurns(work: Stepwise<void>, ms: number, onDone: () => void): void {
  if (runFor(work, ms).done) onDone()
  else setImmediate(() => runInTurns(work, ms, onDone))
}

const LEAST_TURN_MS = 1
const MOST_TURN_MS = 20
/** A turn may take this share of the time that others took. Turns as long as theirs would double what they wait. */
const SHARE = 0.5
/** Time that works have had by turns, ms: to each of them others are those that do not go by turns. */
let worked = 0

/**
 * Resolves to the result of work that others have their turn in between. If theirs are long so are its own: on a thread
 * that is busy it would fall behind for good otherwise. Rejects before its next step once `signal` is aborted.
 */
export async function inTurns<T>(work: Stepwise<T>, signal?: AbortSignal): Promise<T> {
  for (let turnMs = LEAST_TURN_MS; ; ) {
    signal?.throwIfAborted()
    const begun = performance.now()
    const { done, value } = runFor(work, turnMs)
    const ended = performance.now()
    worked += ended - begun
    if (done) return value
    const before = worked
    await othersTurn()
    const othersMs = performance.now() - ended - (worked - before)
    turnMs = Math.min(MOST_TURN_MS, Math.max(LEAST_TURN_MS, othersMs * SHARE))
  }
}
