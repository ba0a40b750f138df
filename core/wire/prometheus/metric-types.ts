import type { MetricKind } from '../../model/series.ts'

/** Types of metric families, each at its number in remote write. */
export const METRIC_TYPES = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset'
] as const
export type MetricType = (typeof METRIC_TYPES)[number]

const COUNTER_SUFFIXES = ['_total', '_bucket', '_count', '_sum']

/**
 * The kind of a series of numbers. Components of classic histograms and summaries are counters but for quantiles.
 * If nobody tells the type, the name has to: all names that end as counters do are counters, but for those of recording
 * rules.
 * @param name of the series, such as `latency_seconds_bucket`
 */
export function kindOfNumbers(name: string, type: MetricType): MetricKind {
  switch (type) {
    case 'counter':
      return name.endsWith('_created') ? 'gauge' : 'counter'
    case 'histogram':
    case 'summary':
      return !name.endsWith('_total') && hasCounterSuffix(name) ? 'counter' : 'gauge'
    case 'unknown':
      return !name.includes(':') && hasCounterSuffix(name) ? 'counter' : 'gauge'
    default:
      return 'gauge'
  }
}

const hasCounterSuffix = (name: string) => COUNTER_SUFFIXES.some(suffix => name.endsWith(suffix))
