import { scaleOf } from '../../core/model/sketch/ddsketch.ts'
import { type BucketLimits, USUAL_LIMITS } from '../../core/model/sketch/exponential-counts.ts'
import type { WindowSize } from '../../core/windows/panes/window-size.ts'
import type { RuleSettings, WindowSettings } from '../../core/windows/settings.ts'
import type { Config, RuleConfig, WindowConfig } from './config.ts'

/** Values up to 2^64 times the least are within the error that was asked for. */
const DOUBLINGS = 64

/** Settings of the engine. */
export function settingsOf(config: Config): WindowSettings {
  return {
    rules: rulesOf(config).map(ruleSettings),
    allowedLatenessMs: config.allowed_lateness,
    idleTimeoutMs: config.idle_timeout,
    maxSourceLagMs: config.max_source_lag,
    maxFutureSkewMs: config.max_future_skew,
    maxStaleMs: config.max_stale
  }
}

/** The rules in full: each takes options that it does not have from the options above. */
export function rulesOf(config: Config): RuleConfig[] {
  return (config.rules ?? [{}]).map(rule => {
    const full = { ...config, ...rule }
    // The options exclude each other, so a rule that has either does not take the other from above.
    if (rule.by !== undefined) return { ...full, without: rule.without }
    return rule.without === undefined ? full : { ...full, by: undefined }
  })
}

export function ruleSettings(rule: RuleConfig): RuleSettings {
  return {
    match: rule.match,
    by: rule.by,
    without: rule.without ?? [],
    aggregations: rule.aggregations,
    gauges: [],
    attribute: rule.attribute,
    quantiles: rule.quantiles,
    limits: limitsOf(rule),
    buckets: rule.buckets,
    name: rule.name,
    windows: windowsOf(rule.windows),
    windowAttribute: 'window',
    output: rule.output,
    late: rule.late,
    amendMs: rule.amend_for,
    maxGroups: rule.max_groups
  }
}

/** A window that slides does so by the smallest of the others. */
export function windowsOf(windows: readonly WindowConfig[]): WindowSize[] {
  return windows.map(window => {
    if (typeof window === 'number') return { sizeMs: window, everyMs: window }
    return { sizeMs: window.size, everyMs: window.every ?? smallestOther(windows, window) }
  })
}

/** The window's own size if there is no other. */
function smallestOther(windows: readonly WindowConfig[], window: WindowConfig): number {
  const others = windows.filter(one => one !== window)
  const steps = others.map(one => (typeof one === 'number' ? one : (one.every ?? one.size)))
  return Math.min(typeof window === 'number' ? window : window.size, ...steps)
}

function limitsOf({ aggregations, relative_error }: RuleConfig): BucketLimits {
  if (!aggregations?.includes('quantiles')) return USUAL_LIMITS
  const scale = scaleOf(relative_error)
  return { scale, buckets: DOUBLINGS * 2 ** Math.max(0, scale) }
}
