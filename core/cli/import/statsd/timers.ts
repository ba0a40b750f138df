import type { Options } from '../options.ts'

/** Metrics of timers: their names there, and the aggregations here. */
const TWINS: Readonly<Record<string, string>> = { count: 'count', sum: 'sum', upper: 'max', lower: 'min', mean: 'avg' }

export interface TimerRule {
  readonly aggregations: readonly string[]
  /** Undefined: none. */
  readonly quantiles: readonly number[] | undefined
  /** Name here, name there. */
  readonly renamed: readonly (readonly [string, string])[]
  readonly notes: readonly string[]
}

/** The aggregations of timers that are asked for. */
export function timerRule(config: Options): TimerRule {
  const wanted = config.has('calculatedTimerMetrics') ? config.texts('calculatedTimerMetrics') : undefined
  const isWanted = (name: string) => wanted === undefined || wanted.includes(name)
  const twins = Object.entries(TWINS).filter(([name]) => isWanted(name))
  const thresholds = config.has('percentThreshold') ? config.list('percentThreshold').map(Number) : [90]
  const upper = isWanted('upper_percent') ? thresholds.filter(percent => percent > 0 && percent <= 100) : []
  const quantiles = [
    ...new Set([...(isWanted('median') ? [0.5] : []), ...upper.map(percent => Number((percent / 100).toPrecision(9)))])
  ].sort((a, b) => a - b)
  const aggregations = [...twins.map(([, aggregation]) => aggregation), ...(quantiles.length > 0 ? ['quantiles'] : [])]
  const renamed = twins.flatMap(([name, aggregation]) => (name === aggregation ? [] : [[aggregation, name] as const]))
  return {
    aggregations,
    quantiles: quantiles.length > 0 ? quantiles : undefined,
    renamed,
    notes: notesOf(thresholds, upper, quantiles, isWanted)
  }
}

function notesOf(
  thresholds: readonly number[],
  upper: readonly number[],
  quantiles: readonly number[],
  isWanted: (name: string) => boolean
): string[] {
  const notes: string[] = []
  const names = [...(quantiles.includes(0.5) && !upper.includes(50) ? ['median'] : []), ...upper.map(n => `upper_${n}`)]
  if (quantiles.length > 0)
    notes.push(
      `${names.join(', ')}: series called quantiles with the attribute quantile, at most 1 % off (relative_error).`
    )
  const parts = upper.flatMap(n => ['mean', 'sum', 'count', 'sum_squares'].map(name => `${name}_${n}`))
  const others = ['std', 'sum_squares', 'count_ps'].filter(isWanted)
  const below = thresholds.filter(percent => percent < 0).map(percent => `lower_top${-percent}`)
  if (parts.length + others.length + below.length > 0)
    notes.push(
      `${[...others, ...parts, ...below].join(', ')}: no twin. Quantiles of the buckets answer most such questions.`
    )
  notes.push('sum: with a sample rate a value counts 1/rate times, as in count; Etsy adds it once.')
  return notes
}
