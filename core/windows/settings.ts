import type { MatchConfig } from '../model/matching/config.ts'
import type { Series } from '../model/series-table/series-table.ts'
import type { BucketLimits } from '../model/sketch/exponential-counts.ts'
import type { AggregationName } from './aggregations/index.ts'
import type { WindowSize } from './panes/window-size.ts'
import type { WatermarkSettings } from './watermark.ts'

/** The parts of a series by which it may be refused. */
export interface RefusableSeries extends Pick<Series, 'attributes'> {
  readonly metric: Pick<Series['metric'], 'name' | 'kind'>
}

/** Settings of a {@link WindowEngine}. */
export interface WindowSettings extends WatermarkSettings {
  /** Each sees every point and event, and makes its own output. */
  readonly rules: readonly RuleSettings[]
  /** Points further ahead of the clock are dropped as `future`. */
  readonly maxFutureSkewMs: number
  /** Groups and cumulative series silent for longer expire; undefined: the usual time. At least two of the largest windows. */
  readonly maxStaleMs?: number | undefined
}

export interface RuleSettings {
  /** The items it counts; undefined: all. */
  readonly match: MatchConfig | undefined
  /** Attributes to keep, of the point or else of its resource; undefined: all but those of `without`. */
  readonly by: readonly string[] | undefined
  readonly without: readonly string[]
  /** Undefined: the usual ones of each kind. */
  readonly aggregations: readonly AggregationName[] | undefined
  /** Aggregations of gauges if `aggregations` is undefined; if there are none, gauges pass through. */
  readonly gauges: readonly AggregationName[]
  /** The attribute that is aggregated instead of the value. Never a label. */
  readonly attribute: string | undefined
  /** From 0 to 1. */
  readonly quantiles: readonly number[]
  /** Limits of the buckets that values are put into. */
  readonly limits: BucketLimits
  /** True if histograms keep their buckets; else they keep count, sum, least and greatest alone. */
  readonly buckets: boolean
  /** Template of the output metrics' names; undefined: the usual ones. */
  readonly name: string | undefined
  readonly windows: readonly WindowSize[]
  /** The attribute of a point that has the length of its window. */
  readonly windowAttribute: string
  /**
   * The ledger's reason for a series that cannot be counted, which is then dropped. Without this such series pass
   * through.
   */
  readonly refusalOf?: (series: RefusableSeries) => string | undefined
  readonly output: readonly OutputKind[]
  readonly late: LatePolicy
  /** How long after their end windows can be amended if `late` is `amend`. */
  readonly amendMs: number
  /** Groups beyond this are counted in one a metric. */
  readonly maxGroups: number
}

/** `delta`: one point a window. `cumulative`: totals that only grow. */
export type OutputKind = 'delta' | 'cumulative'
/**
 * The treatment of points whose smallest window was sent. `add`: counted in series of their own. `amend`: counted, and
 * the window sent again. `drop`: dropped. `side_output`: forwarded as they are, not counted.
 */
export type LatePolicy = 'add' | 'drop' | 'amend' | 'side_output'
