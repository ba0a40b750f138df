import { DEFAULT_LIMITS, type ItemLimits } from '../../sdk/plugin/index.ts'
import { TaggedNames } from './tag-formats.ts'

/** Rules on which implementations of StatsD disagree, and the limits of items. */
export interface ParserOptions {
  readonly names: TaggedNames
  readonly limits: ItemLimits
  /** True if `-5` sets a gauge to that value, as in Datadog's agent; false if it moves the gauge. */
  readonly hasAbsoluteGauges: boolean
  readonly takesNegativeTimers: boolean
  readonly dropsClientTelemetry: boolean
}

export const DEFAULT_OPTIONS: ParserOptions = {
  names: new TaggedNames([]),
  limits: DEFAULT_LIMITS,
  hasAbsoluteGauges: false,
  takesNegativeTimers: false,
  dropsClientTelemetry: false
}
