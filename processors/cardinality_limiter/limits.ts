import { matchesGlob } from '../../core/model/matching/glob.ts'
import type { Config } from './config.ts'
import type { Limits } from './state.ts'

/** The limits of a metric: its first override, and the rest of the configuration. */
export function limitsFor(name: string, config: Config): Limits {
  const own = config.overrides.find(({ metric }) => matchesGlob(metric, name))
  const values = own?.max_values_per_label ?? config.max_values_per_label
  return {
    maxSeries: own?.max_series ?? config.max_series_per_metric,
    maxValuesPerLabel: values === 0 ? Number.POSITIVE_INFINITY : values,
    action: own?.action ?? config.action
  }
}
