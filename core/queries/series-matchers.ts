/** Which series a question about series is of: those that any of the selectors matches, in a range of time. */
export interface SeriesMatchers {
  /** Selectors such as `up{job="a"}`; none: all series. */
  readonly matches: readonly string[]
  /** Unix ms, both included. */
  readonly start: number
  readonly end: number
  /** Entries of the answer, 0 for all; more are cut off with a warning. */
  readonly limit: number
}
