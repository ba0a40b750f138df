/** What a {@link WindowEngine} does. */
export interface WindowSettings {
  readonly sizesMs: readonly number[]
  /** Attributes to keep, of the point or else of its resource; undefined: all. */
  readonly by: readonly string[] | undefined
  readonly output: readonly OutputKind[]
  /** How long a window waits for points out of order, in event time. */
  readonly allowedLatenessMs: number
  /** A source silent for this long no longer holds windows open. */
  readonly idleTimeoutMs: number
  /** Points further ahead of the clock are dropped as `future`. */
  readonly maxFutureSkewMs: number
  readonly late: LatePolicy
  /** Groups beyond this are counted in one a metric. */
  readonly maxGroups: number
}

/** `delta`: one point a window. `cumulative`: totals that only grow. */
export type OutputKind = 'delta' | 'cumulative'
export type LatePolicy = 'add' | 'drop'
