import type { NamedSeries } from '../model/named-series.ts'

/** Figures of a component's memory, for the people who look at it. */
export interface StateFigures {
  /** By kind, in lower_snake_case: `{ groups: 120, open_windows: 3 }`. */
  readonly entries: Readonly<Record<string, number>>
  /** Memory. Undefined if the component does not measure it. */
  readonly bytes?: number
  /** The event time up to which it has counted everything, Unix ms. */
  readonly watermark?: number
}

/** The fate of the points of a series in one component, at this moment. */
export interface Explanation {
  /**
   * `passes`: they go on as they are. `changes`: they go on as `outputs`. `counted`: they end here, and `outputs` are made
   * of them. `dropped`: they end here. `stored`: the backend has them, at `places`.
   */
  readonly fate: 'passes' | 'changes' | 'counted' | 'dropped' | 'stored'
  /** Reason or detail in words, such as `has one of 10,000 places`. */
  readonly why: string
  /** The series that go on, if they are `changes` or `counted`. */
  readonly outputs?: readonly NamedSeries[]
  /** Where a backend has it, such as `table metrics` or `up{job="a"}`. */
  readonly places?: readonly string[]
}

/** Answers about a component, which may have each of these methods. They change nothing. */
export interface Inspectable {
  figures?(): StateFigures
  /** A component without it is shown as one that all series pass. */
  explain?(series: NamedSeries): Explanation
}
