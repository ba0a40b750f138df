import type { Metric } from '../../model/series.ts'
import type { TranslationStrategy } from './translation-strategy.ts'
import { unitWords } from './units.ts'

/**
 * The name of a metric's family, before `_bucket` and the like. A delta never ends in `_total`: it counts one interval,
 * and readers take a `rate()` of every `_total`.
 */
export function metricName(metric: Metric, strategy: TranslationStrategy): string {
  switch (strategy) {
    case 'UnderscoreEscapingWithSuffixes':
      return safeName(suffixedTokens(metric).join('_'))
    case 'UnderscoreEscapingWithoutSuffixes':
      // Underscores that the name has itself stay as many as they are.
      return safeName(
        metric.name
          .split(/[^a-zA-Z0-9:_]+/)
          .filter(Boolean)
          .join('_')
      )
    case 'NoUTF8EscapingWithSuffixes':
      return suffixedName(metric)
    case 'NoTranslation':
      return metric.name
  }
}

function suffixedTokens(metric: Metric): string[] {
  const { main, per } = unitWords(metric.unit)
  let words = tokens(metric.name)
  for (const suffix of [main, per].map(text => tokens(text).join('_')))
    if (suffix !== '' && !words.includes(suffix)) words.push(suffix)
  if (isCounter(metric)) words = [...words.filter(token => token !== 'total'), 'total']
  else if (metric.temporality === 'delta' && words.length > 1 && words.at(-1) === 'total') words.pop()
  if (isRatio(metric)) words = [...words.filter(token => token !== 'ratio'), 'ratio']
  return words
}

function suffixedName(metric: Metric): string {
  const { main, per } = unitWords(metric.unit)
  const type = isCounter(metric) ? 'total' : isRatio(metric) ? 'ratio' : ''
  let name = without(metric.name, metric.temporality === 'delta' ? 'total' : type)
  name = without(name, per)
  if (main !== '' && !name.endsWith(main)) name += `_${main}`
  if (per !== '') name += `_${per}`
  return type === '' ? name : `${name}_${type}`
}

/** `name` without `suffix` and the one character between them. */
function without(name: string, suffix: string): string {
  return suffix !== '' && name.endsWith(suffix) && name.length > suffix.length + 1
    ? name.slice(0, -suffix.length - 1)
    : name
}

function safeName(name: string): string {
  if (name === '') return '_'
  return /^\d/.test(name) ? `_${name}` : name
}

const tokens = (text: string) => text.split(/[^a-zA-Z0-9:]+/).filter(Boolean)
const isCounter = ({ kind, temporality }: Metric) => kind === 'counter' && temporality !== 'delta'
// Only gauges: counts of things are often given the unit 1, and are no ratios.
const isRatio = ({ kind, unit }: Metric) => kind === 'gauge' && unit === '1'
