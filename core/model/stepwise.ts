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
