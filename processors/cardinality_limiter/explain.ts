import { keyOfNamed, type NamedSeries } from '../../core/model/named-series.ts'
import type { Explanation } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { LimiterState } from './limiter-state.ts'
import { limitsFor } from './limits.ts'
import { isOwn, shortKey } from './refs.ts'
import type { Limits, MetricState } from './state.ts'
import { OVERFLOW } from './targets.ts'

/** Whether a series has a place, or would get one, and the treatment of its points if not. */
export function explainSeries(series: NamedSeries, { admission }: LimiterState, config: Config): Explanation {
  const { kind, name, temporality, unit } = series
  if (kind === 'event') return { fate: 'passes', why: 'events are not limited' }
  if (isOwn(name)) return { fate: 'passes', why: 'metrics of Weir itself are not limited' }
  const metric = admission.metrics.get(JSON.stringify([name, unit, kind, temporality]))
  const limits = limitsFor(name, config)
  if (metric === undefined && admission.metrics.size >= config.max_metrics) {
    const why = `there are ${config.max_metrics} metrics already, and this is not one of them`
    return limits.action === 'observe' ? { fate: 'passes', why } : { fate: 'dropped', why: `too_many_metrics: ${why}` }
  }
  const tracked = metric?.tracked.size ?? 0
  const places = `${tracked} of ${limits.maxSeries} places of the metric are taken`
  if (metric?.tracked.has(shortKey(keyOfNamed(series)))) return { fate: 'passes', why: `it has a place: ${places}` }
  const why = pressure(metric, limits, admission.total, config)
  return why === undefined
    ? { fate: 'passes', why: `it would get a place: ${places}` }
    : treatment(series, limits, `it has no place: ${why}`)
}

/** Why a new series gets no place; undefined if it gets one. */
function pressure(
  metric: MetricState | undefined,
  { maxSeries }: Limits,
  total: number,
  config: Config
): string | undefined {
  if (metric !== undefined && metric.tracked.size >= maxSeries) return `all ${maxSeries} places of the metric are taken`
  if (total >= config.max_series_total) return `all ${config.max_series_total} places of all metrics are taken`
  if (metric?.isPressed || metric?.wasPressed) return 'the places of the metric are for the series that come most'
  return undefined
}

function treatment(series: NamedSeries, { action }: Limits, why: string): Explanation {
  const overflow = { ...series, attributes: [OVERFLOW], resource: [] }
  if (action === 'observe') return { fate: 'passes', why: `${why}; it is only observed` }
  if (action === 'drop') return { fate: 'dropped', why: `cardinality_limit: ${why}` }
  if (action === 'overflow') return { fate: 'changes', why: `${why}; it is added up with others`, outputs: [overflow] }
  return {
    fate: 'changes',
    why: `${why}; it loses the labels with most values until it finds one, and is added up with others`,
    outputs: [overflow]
  }
}
