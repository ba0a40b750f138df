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
  /** By label: the values that admitted series have, and how many have each. Only where values are limited. */
  readonly values: Map<string, Map<string, number>>
  readonly demand: Demand
  /** Keys of series that the last sweep found worth a place. */
  readonly invited: Set<string>
  /** Whether a series found no place since the last sweep but one. */
  isPressed: boolean
  wasPressed: boolean
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
  /** Whether nobody has its zero yet. */
  needsStartPoint: boolean
}

/** A series that passes. */
export interface TrackedSeries extends Beginning {
  readonly key: string
  readonly metric: MetricState
  readonly tenant: Tenant
  /** Label and value, of labels whose values are limited. */
  readonly values: readonly (readonly [string, string])[]
  /** Points, halved at each sweep. */
  count: number
  /** Unix ms. */
  lastSeen: number
  /** The number of the sweep before which it came. */
  readonly since: number
  /** Of a cumulative series: its last point, as it came. */
  last: Last | undefined
  /** What of it was counted elsewhere before: it goes on from there as a series that began anew. */
  base: Last | undefined
  isEvicted: boolean
}

/** What is known of a series, kept for those seen last. */
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
  /** Of the demand that has counted it. */
  epoch: number
}
