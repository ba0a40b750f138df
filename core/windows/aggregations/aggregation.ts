import type { Attribute } from '../../model/attributes.ts'
import type { Distribution } from '../../model/distribution.ts'
import type { MergedHistogram } from '../../model/merged-histogram.ts'
import type { Metric } from '../../model/series.ts'
import type { BucketLimits } from '../../model/sketch/exponential-counts.ts'
import type { GroupKind } from '../groups/group-kind.ts'
import type { Accumulator, AccumulatorType } from './accumulator.ts'

/**
 * One function of the values of a group in a window, such as their sum. A pane has the sum and the count of every
 * group's values; all else that an aggregation needs is in accumulators.
 */
export interface Aggregation<Name extends string = string> {
  /** Its name in configurations, and in names of metrics. */
  readonly name: Name
  /** True if values must be numbers. Then an attribute's value that is no number is dropped. */
  readonly needsNumbers: boolean
  /** True if it is meaningful for groups of this kind. */
  takes(kind: GroupKind, options: AggregationOptions): boolean
  accumulators(options: AggregationOptions): readonly AccumulatorType[]
  /** The series that it may make of a group. {@link Sink} names them by their index. */
  outputs(options: AggregationOptions): readonly Output[]
  /** Added to the metric's `name` when the rule has the usual aggregations. */
  usualSuffix(kind: GroupKind, name: string): string
  /** Sends its points of the group in `row`. */
  emit(pane: PaneState, row: number, sink: Sink, options: AggregationOptions): void
  /** Sends its totals over all windows so far. Undefined: it has none that only grow. */
  readonly emitTotal?: (totals: GroupTotals, sink: TotalsSink, options: AggregationOptions) => void
}

/** Options of a rule that aggregations use. */
export interface AggregationOptions {
  /** An attribute that is aggregated in place of the value. */
  readonly attribute: string | undefined
  /** From 0 to 1. */
  readonly quantiles: readonly number[]
  readonly limits: BucketLimits
  /** True if histograms keep their buckets. */
  readonly buckets: boolean
}

/** One series of a group. */
export interface Output {
  /** Set apart from other outputs by this attribute. */
  readonly attribute?: Attribute
  /** The output metric's kind and unit. A gauge has no temporality, other kinds have that of the output stream. */
  shape(input: Metric, kind: GroupKind): Pick<Metric, 'kind' | 'unit'>
}

/** A pane, as aggregations read it. Columns are by row. */
export interface PaneState {
  /** NaN if one of the group's histograms has no sum. */
  readonly sums: Float64Array
  readonly counts: Float64Array
  /** Undefined if no group has a value there. */
  accumulator<A extends Accumulator>(type: AccumulatorType<A>): A | undefined
}

/** Takes the points of one group and window. */
export interface Sink {
  /** A `value` that is not finite is unknown, and not sent. */
  value(output: number, value: number): void
  distribution(output: number, point: Distribution): void
}

/** The totals of one group, with the window that has closed. */
export interface GroupTotals {
  readonly sum: number
  readonly count: number
  /** Adds the window's histogram to that of all windows before, which it returns. */
  addHistogram(): MergedHistogram
}

/**
 * Takes the totals of one group. Before the first one it sends a zero, from which `rate()` sees the first increment.
 */
export interface TotalsSink {
  value(output: number, total: number): void
  /** @param zeroOf the same before anything was counted */
  distribution(output: number, total: Distribution, zeroOf: () => Distribution): void
}

/** The unit of values of this kind. The unit of events is that of their number. */
export const valueUnit = ({ unit }: Metric, kind: GroupKind) => (kind === 'event' ? '' : unit)

/** A value of the window that does not add up with those of other windows. */
export const GAUGE_OUTPUT: Output = { shape: (input, kind) => ({ kind: 'gauge', unit: valueUnit(input, kind) }) }

/** Kinds of groups in which each item has one value. */
export const SINGLE_VALUES: readonly GroupKind[] = ['counter', 'up_down_counter', 'gauge', 'event']

export const isHistogramOrValue = (kind: GroupKind) => kind === 'histogram' || SINGLE_VALUES.includes(kind)
