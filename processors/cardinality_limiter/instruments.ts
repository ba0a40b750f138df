import type { Context } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import type { LimiterState } from './limiter-state.ts'
import { cardinalityReport } from './report.ts'

/** Own metrics, and the report on cardinality. */
export function exposeLimiter(limiter: LimiterState, config: Config, { instruments, admin }: Context) {
  const { admission, folding } = limiter
  instruments.gauge('admitted_series', 'Series that pass as they are.', () => admission.total)
  instruments.gauge('metrics', 'Metrics known.', () => admission.metrics.size)
  instruments.gauge('metrics_over_limit', 'Metrics with series that found no place lately.', () => {
    let over = 0
    for (const { isPressed, wasPressed } of admission.metrics.values()) if (isPressed || wasPressed) over++
    return over
  })
  instruments.gauge('candidate_series', 'Series without a place that are counted.', () => admission.candidates.size)
  instruments.gauge('folded_series', 'Cumulative series whose last value is remembered.', () => folding.last.size)
  instruments.counter(
    'forgotten_series_total',
    'Cumulative series over a limit whose last value was evicted for want of room.',
    () => folding.last.evicted
  )
  instruments.counter(
    'unknown_increments_total',
    'Points over a limit whose increment was not known.',
    () => folding.unknown
  )
  admin.report('cardinality', () => cardinalityReport(limiter, config))
  return {
    unwatched: instruments.counter(
      'unwatched_points_total',
      'Points of metrics beyond max_metrics that passed unlooked at, since they are only observed.'
    )
  }
}
