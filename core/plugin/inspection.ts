import type { Attributes } from '../model/attributes.ts'
import type { Metric, Resource } from '../model/series.ts'

/** Figures of a component's memory, for the people who look at it. */
export interface StateFigures {
  /** By kind, in lower_snake_case: `{ groups: 120, open_windows: 3 }`. */
  readonly entries: Readonly<Record<string, number>>
  /** Memory. Undefined if the component does not measure it. */
  readonly bytes?: number
  /** The event time up to which it has counted everything, Unix ms. */
  readonly watermark?: number
}

/** A series by its name and labels, which may be in no table. */
export interface NamedSeries {
  readonly metric: Metric
  readonly attributes: Attributes
  readonly resource: Resource
}

/** The fate of a series in one component. */
export interface Explanation {
  /**
   * `passes`: it goes on as it is. `changes`: it goes on as `outputs`. `counted`: it ends here, and `outputs` are made of
   * it. `dropped`: it ends here. `stored`: the backend has it as `outputs`.
   */
  readonly fate: 'passes' | 'changes' | 'counted' | 'dropped' | 'stored'
  /** Reason or detail in words, such as `has one of 10,000 places`. */
  readonly why: string
  /** The series that go on. Undefined: the series as it came, unless it is dropped. */
  readonly outputs?: readonly NamedSeries[]
  /** The places of the backend that have it, as `table metrics` or `up{job="a"}`. */
  readonly stored?: readonly string[]
}

/** Answers about a component, which may have each of these methods. They change nothing. */
export interface Inspectable {
  figures?(): StateFigures
  /** The fate of points of a series at this moment. A component without it is shown as one that all passes. */
  explain?(series: NamedSeries): Explanation
}
