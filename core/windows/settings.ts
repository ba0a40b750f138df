import type { MatchConfig } from '../model/matching/config.ts'
import type { Series } from '../model/series.ts'
import type { BucketLimits } from '../model/sketch/exponential-counts.ts'
import type { AggregationName } from './aggregations/index.ts'
import type { WindowSize } from './panes/window-size.ts'
import type { WatermarkSettings } from './watermark.ts'

/** What a {@link WindowEngine} does. */
export interface WindowSettings extends WatermarkSettings {
  /** Each sees every point and event, and makes its own output. */
  readonly rules: readonly RuleSettings[]
  /** Points further ahead of the clock are dropped as `future`. */
  readonly maxFutureSkewMs: number
}

export interface RuleSettings {
  /** What it counts; undefined: all. */
  readonly match: MatchConfig | undefined
  /** Attributes to keep, of the point or else of its resource; undefined: all but those of `without`. */
  readonly by: readonly string[] | undefined
  readonly without: readonly string[]
  /** Undefined: what each kind is made for. */
  readonly aggregations: readonly AggregationName[] | undefined
  /** What is made of gauges where `aggregations` says nothing; where that is nothing they pass through. */
  readonly gauges: readonly AggregationName[]
  /** What is aggregated instead of the value. Never a label. */
  readonly attribute: string | undefined
  /** From 0 to 1. */
  readonly quantiles: readonly number[]
  /** Of buckets that values are put into. */
  readonly limits: BucketLimits
  /** Whether histograms keep their buckets, or count, sum, least and greatest alone. */
  readonly buckets: boolean
  /** Template of the output metrics' names; undefined: the usual ones. */
  readonly name: string | undefined
  readonly windows: readonly WindowSize[]
  /** The attribute that says of a point how long its window is. */
  readonly windowAttribute: string
  /** Why a series cannot be counted, as the ledger has it, undefined where it can; without it what cannot passes through. */
  readonly refusalOf?: (series: Series) => string | undefined
  readonly output: readonly OutputKind[]
  readonly late: LatePolicy
  /** How long after their end windows can be amended, where `late` says so. */
  readonly amendMs: number
  /** Groups beyond this are counted in one a metric. */
  readonly maxGroups: number
}

/** `delta`: one point a window. `cumulative`: totals that only grow. */
export type OutputKind = 'delta' | 'cumulative'
/**
 * What becomes of points whose smallest window was sent. `add`: counted in series of their own. `amend`: counted, and the
 * window sent again. `side_output`: handed on as they are, not counted.
 */
export type LatePolicy = 'add' | 'drop' | 'amend' | 'side_output'
