import type { Metric } from '../../sdk/plugin/index.ts'
import type { Action } from './config.ts'
import type { Demand } from './demand.ts'
import type { Last } from './last-values.ts'

export interface Limits {
  readonly maxSeries: number
  /** Infinity: no limit. */
  readonly maxValuesPerLabel: number
  readonly action: Action
}

/** A metric of one name, unit, kind and temporality. */
export interface MetricState {
  readonly key: string
  readonly metric: Metric
  readonly limits: Limits
  readonly tracked: Map<string, TrackedSeries>
  /** By label: the values that tracked series have, and how many have each. Only of labels with limited values. */
  readonly values: Map<string, Map<string, number>>
  readonly demand: Demand
  /** Keys of series that the last expiry run has invited. */
  readonly invited: Set<string>
  /** True if a series found no place since the last expiry run. */
  isPressed: boolean
  wasPressed: boolean
  /** Since when series find no place, Unix ms; undefined if all do, or if that was in a state of an earlier version. */
  overSince?: number | undefined
  /** Points over a limit, since the start. */
  over: number
  /** Those of them that were added up in another series. */
  folded: number
  /** Labels, those with most values first; looked up from time to time. */
  labels: readonly string[]
  /** Unix ms. */
  lastSeen: number
  isEvicted: boolean
}

export interface Tenant {
  readonly name: string
  series: number
  /** Unix ms. */
  lastSeen: number
  isEvicted: boolean
}

/** A cumulative series that Weir begins: a zero comes before its first value, or `increase()` misses that. */
export interface Beginning {
  /** True if nobody has its start point yet. */
  needsStartPoint: boolean
}

/** A series that passes. */
export interface TrackedSeries extends Beginning {
  readonly key: string
  readonly metric: MetricState
  readonly tenant: Tenant
  /** Label and value, for labels with limited values. */
  readonly values: readonly (readonly [string, string])[]
  /** Points, halved at each expiry run. */
  count: number
  /** Unix ms. */
  lastSeen: number
  /** The number of expiry runs before it came. */
  readonly since: number
  /** The last point of a cumulative series, as it came. */
  last: Last | undefined
  /** The point up to which it was counted in another series: from there it goes on as a series that began anew. */
  base: Last | undefined
  isEvicted: boolean
}

/** Facts about a series, kept for the series seen last. */
export interface Ref {
  /** Its identity in 128 bits, as text. */
  readonly key: string
  /** 64 bits of it, for sketches. */
  readonly high: number
  readonly low: number
  readonly isExempt: boolean
  readonly isAdditive: boolean
  readonly isCumulative: boolean
  metric: MetricState | undefined
  tenant: Tenant | undefined
  entry: TrackedSeries | undefined
  /** The epoch of the demand that has counted it. */
  epoch: number
}
