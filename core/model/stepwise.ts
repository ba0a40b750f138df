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
