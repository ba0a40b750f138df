import type { Metric } from '../../../core/model/series.ts'

const COMPONENT = /^(.+)_(?:bucket|sum|count)$/

/**
 * Names of counters that are parts of classic histograms and summaries, as Prometheus sends them. They have their final
 * names, without `_total`. Every histogram and summary has a sum and a count.
 */
export function classicComponents(metrics: readonly Metric[]): ReadonlySet<string> {
  const counters = new Set(metrics.filter(isCounter).map(({ name }) => name))
  const isPart = (name: string) => {
    const whole = COMPONENT.exec(name)?.[1]
    return whole !== undefined && counters.has(`${whole}_sum`) && counters.has(`${whole}_count`)
  }
  return new Set([...counters].filter(isPart))
}

const isCounter = ({ kind, unit }: Metric) => kind === 'counter' && unit === ''
