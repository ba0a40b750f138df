import { USUAL_LIMITS } from '../../core/model/sketch/exponential-counts.ts'
import type { WindowSize } from '../../core/windows/panes/window-size.ts'
import type { WindowSettings } from '../../core/windows/settings.ts'
import { sortAttributes } from '../../sdk/plugin/index.ts'
import { type Config, gaugeStates, TIER_ATTRIBUTE, type Tier } from './config.ts'
import type { RefusedSeries } from './refused-series.ts'

/** Tiers are windows that merge upwards: one rule over everything, which marks each point with its tier. */
export function settingsOf(config: Config, refusals?: RefusedSeries): WindowSettings {
  return {
    rules: [
      {
        match: undefined,
        by: config.by,
        without: config.without,
        aggregations: undefined,
        gauges: gaugeStates(config),
        attribute: undefined,
        quantiles: [],
        limits: USUAL_LIMITS,
        buckets: true,
        name: undefined,
        windows: config.tiers.map(windowOf),
        windowAttribute: TIER_ATTRIBUTE,
        refusalOf: series => refusals?.of(series),
        output: ['delta'],
        late: config.late,
        amendMs: config.amend_for,
        maxGroups: config.max_groups
      }
    ],
    allowedLatenessMs: config.allowed_lateness,
    idleTimeoutMs: config.idle_timeout,
    maxSourceLagMs: config.max_source_lag,
    maxFutureSkewMs: config.max_future_skew,
    maxStaleMs: config.max_stale
  }
}

function windowOf({ size, attributes }: Tier): WindowSize {
  return { sizeMs: size, everyMs: size, attributes: sortAttributes(Object.entries(attributes)) }
}
