import { METRIC_NAME } from '../../../core/promql/labels.ts'
import type { Matcher } from '../../../core/promql/matcher.ts'
import type { GridFunction } from '../../../core/promql/sample-store.ts'
import { metricName } from '../../../core/wire/prometheus/metric-names.ts'
import type { StoredMetric } from './catalog.ts'
import { type MetricForm, matchingForms } from './forms.ts'
import { NAMING } from './naming.ts'

/** Functions of counters. */
const RATES: ReadonlySet<string | undefined> = new Set(['rate', 'increase', 'irate'])

/** A metric of a tier that has one state of a gauge's samples, and the function that makes the wanted value of it. */
export interface GaugeState {
  readonly suffix: string
  readonly func: GridFunction
}

/** The states that the processor `rollup` keeps of gauges, by the functions that need them. */
export const GAUGE_STATES: Readonly<Partial<Record<GridFunction, readonly GaugeState[]>>> = {
  min_over_time: [{ suffix: '.min', func: 'min_over_time' }],
  max_over_time: [{ suffix: '.max', func: 'max_over_time' }],
  sum_over_time: [{ suffix: '.sum', func: 'sum_over_time' }],
  count_over_time: [{ suffix: '.count', func: 'sum_over_time' }],
  avg_over_time: [
    { suffix: '.sum', func: 'sum_over_time' },
    { suffix: '.count', func: 'sum_over_time' }
  ]
}

/**
 * The forms of metrics of a tier that match. A tier has increments only. A counter is found by both of its names: as
 * `_total` increments are added up. Histograms, and parts of classic ones, are added up for functions of counters.
 */
export function matchingTierForms(
  metrics: readonly StoredMetric[],
  matchers: readonly Matcher[],
  func: string | undefined
): MetricForm[] {
  const images = metrics.flatMap((metric): StoredMetric[] => {
    const { kind, temporality, isComponent } = metric
    if (temporality !== 'delta') return [metric]
    // By OpenTelemetry's name both are meant, and only one of them has increments once.
    const isOwn = matchers.some(({ name, op, value }) => name === METRIC_NAME && op === '=' && value === metric.name)
    if (kind === 'counter' && isOwn)
      return [RATES.has(func) ? { ...metric, reading: 'running' } : { ...metric, reading: 'increments' }]
    if (kind === 'counter' && !isComponent)
      return [
        { ...metric, reading: 'increments' },
        { ...metric, family: cumulativeName(metric), reading: 'running' }
      ]
    const isHistogram = isComponent || kind === 'histogram' || kind === 'exponential_histogram'
    return [isHistogram && RATES.has(func) ? { ...metric, reading: 'running' } : { ...metric, reading: 'increments' }]
  })
  return matchingForms(images, matchers)
}

/** True if these are gauges, of which tiers keep several states. */
export const areGauges = (forms: readonly MetricForm[]) => forms.every(({ metric }) => metric.kind === 'gauge')

/** Forms of the metrics that have one state of gauges, shown under the gauges' names. */
export function stateForms(
  forms: readonly MetricForm[],
  metrics: readonly StoredMetric[],
  { suffix }: GaugeState
): MetricForm[] {
  return forms.flatMap(({ metric, form, name }) =>
    metrics.filter(other => other.name === metric.name + suffix).map(other => ({ metric: other, form, name }))
  )
}

const cumulativeName = (metric: StoredMetric) => metricName({ ...metric, temporality: 'cumulative' }, NAMING.strategy)
