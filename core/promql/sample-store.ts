import type { AggregationOp } from './ast.ts'
import type { FloatHistogram } from './histogram/float-histogram.ts'
import type { Labels } from './labels.ts'
import type { Matcher } from './matcher.ts'

/** Samples of one series, by rising times. */
export interface SelectedSeries {
  readonly labels: Labels
  /** Unix ms. */
  readonly times: Float64Array
  /** Undefined entries of `histograms` have their value here. */
  readonly values: Float64Array
  readonly histograms: readonly (FloatHistogram | undefined)[] | undefined
  /** 1 where the sample is a stale marker: the series ended. Its value means nothing. Undefined if none is. */
  readonly stale: Uint8Array | undefined
  /** True if the store keeps the samples for other queries too: they are no memory of one. */
  readonly isKept?: boolean
}

/** Bounds of one query. What is over them is refused by a `QueryError` of kind `execution` that names the bound. */
export interface QueryLimits {
  readonly maxSeries: number
  /** Loaded for the query, or made by it, at one time. */
  readonly maxSamples: number
}

export interface SelectRequest {
  readonly matchers: readonly Matcher[]
  /** Unix ms. Samples with `after < time <= until` are wanted. */
  readonly after: number
  readonly until: number
  /** Distance of the query's evaluation times in ms; 0 for an instant query. Stores choose a resolution by it. */
  readonly stepMs: number
  /** The range of the range function around, or the lookback, in ms. */
  readonly rangeMs: number
  /** The function around the selector, such as `rate`; undefined if there is none. */
  readonly func: string | undefined
  readonly limits: QueryLimits
}

/** A function over a window of samples that a store may compute by itself: `last` is the instant selector. */
export type GridFunction =
  | 'last'
  | 'rate'
  | 'increase'
  | 'delta'
  | 'irate'
  | 'idelta'
  | 'resets'
  | 'changes'
  | 'sum_over_time'
  | 'count_over_time'
  | 'avg_over_time'
  | 'min_over_time'
  | 'max_over_time'
  | 'last_over_time'
  | 'present_over_time'
  /** The number of distinct members of the last set. With the aggregation `sum` of the last sets of a group together. */
  | 'unique'
  /** The same of all sets in the window. */
  | 'unique_over_time'

/**
 * A function of samples for each time `start + i * stepMs` up to `end`: over `(t - rangeMs, t]`. Offsets have been
 * applied. For `last`, `rangeMs` is the lookback, and a stale marker ends the series.
 */
export interface GridRequest {
  readonly matchers: readonly Matcher[]
  readonly func: GridFunction
  readonly start: number
  readonly end: number
  /** At least 1. That of the graph, also if only one of its times is asked for. */
  readonly stepMs: number
  readonly rangeMs: number
  /** Then the result is one series for each group, over the series' results at each time. */
  readonly aggregate: GridAggregate | undefined
  readonly limits: QueryLimits
}

export interface GridAggregate {
  readonly op: AggregationOp
  readonly grouping: readonly string[]
  readonly without: boolean
  /** The φ of `quantile`, from 0 to 1. Undefined for others. */
  readonly phi?: number | undefined
}

/** Values of one series or group on a grid. */
export interface GridSeries {
  /** Without the metric's name, but for `last` and `last_over_time` without aggregation. */
  readonly labels: Labels
  /** One for each time of the grid. */
  readonly values: Float64Array
  /** 1 where there is no value. Undefined if there are values everywhere. */
  readonly absent: Uint8Array | undefined
}

/** Remarks on the result, for the `warnings` and `infos` of an answer. */
export interface Remarks {
  warn(message: string): void
  info(message: string): void
}

/** The description of a metric family. */
export interface FamilyMetadata {
  readonly family: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'unknown'
  readonly help: string
  readonly unit: string
}

/** Which series to name: those that any of `sets` matches in all its matchers; all of them if `sets` is empty. */
export interface SeriesRequest {
  readonly sets: readonly (readonly Matcher[])[]
  /** Unix ms, both included. */
  readonly start: number
  readonly end: number
  readonly limits: QueryLimits
}

/**
 * Samples that PromQL can be asked of. Names and labels are Prometheus's. Methods reject with a `QueryError`, and stop
 * once `signal` fires.
 */
export interface SampleStore {
  select(request: SelectRequest, remarks: Remarks, signal: AbortSignal): Promise<SelectedSeries[]>
  /** Undefined if it cannot do that exactly as PromQL would: then the engine selects and computes. */
  grid?(request: GridRequest, remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined>
  /** Label sets, each once. */
  series(request: SeriesRequest, signal: AbortSignal): Promise<Labels[]>
  /** Names of metrics, each once. Undefined if series have to be listed for them. */
  names?(request: SeriesRequest, signal: AbortSignal): Promise<string[] | undefined>
  metadata(signal: AbortSignal): Promise<FamilyMetadata[]>
}
