/** Work in steps of a few ms at most: the caller may do something else between them. */
export type Stepwise<T> = Generator<void, T>

/** All of it at once. */
export function runThrough<T>(work: Stepwise<T>): T {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}
