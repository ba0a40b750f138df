import type { Config } from './config.ts'
import type { Limits } from './state.ts'

/** What holds for a metric: its first override, and the rest of the configuration. */
export function limitsFor(name: string, config: Config): Limits {
  const own = config.overrides.find(({ metric }) => matches(metric, name))
  const values = own?.max_values_per_label ?? config.max_values_per_label
  return {
    maxSeries: own?.max_series ?? config.max_series_per_metric,
    maxValuesPerLabel: values === 0 ? Number.POSITIVE_INFINITY : values,
    action: own?.action ?? config.action
  }
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*')
  if (parts.length === 1) return pattern === name
  if (!name.startsWith(parts[0])) return false
  let at = parts[0].length
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return name.length - at >= parts.at(-1)!.length && name.endsWith(parts.at(-1)!)
}
