import { redactedSamples } from '../../core/model/secret-names.ts'
import type { Config } from './config.ts'
import type { LimiterState } from './limiter-state.ts'
import type { MetricState } from './state.ts'

const TOP_METRICS = 50
const TOP_LABELS = 10
const TOP_TENANTS = 20

/** Tracked series and demand as JSON: metrics by their demand, their labels by values, with samples. */
export function cardinalityReport({ admission, folding }: LimiterState, config: Config) {
  const metrics = [...admission.metrics.values()]
    .map(metricReport)
    .sort((a, b) => b.demand - a.demand || (a.name < b.name ? -1 : 1))
  const tenants = [...admission.tenants.values()].sort((a, b) => b.series - a.series || (a.name < b.name ? -1 : 1))
  return {
    admitted: admission.total,
    limit: admission.maxTotal,
    folded: folding.last.size,
    metricCount: metrics.length,
    metricLimit: config.max_metrics,
    metrics: metrics.slice(0, TOP_METRICS),
    tenants:
      config.tenant_attribute === '' ? [] : tenants.slice(0, TOP_TENANTS).map(({ name, series }) => ({ name, series }))
  }
}

function metricReport({
  metric,
  limits,
  tracked,
  demand,
  over,
  folded,
  isPressed,
  wasPressed,
  overSince
}: MetricState) {
  const isOverLimit = isPressed || wasPressed
  return {
    name: metric.name,
    kind: metric.kind,
    temporality: metric.temporality,
    action: limits.action,
    admitted: tracked.size,
    limit: limits.maxSeries,
    /** Distinct series that came lately; estimated if not all of them have a place. */
    demand: isOverLimit ? demand.series : tracked.size,
    isOverLimit,
    /** Unix ms. */
    overSince: isOverLimit ? overSince : undefined,
    pointsOverLimit: over,
    pointsFolded: folded,
    labels: demand
      .labels()
      .slice(0, TOP_LABELS)
      .map(({ name, values, samples }) => ({ name, values, samples: redactedSamples(name, samples) }))
  }
}
