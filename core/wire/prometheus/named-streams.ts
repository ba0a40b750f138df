import type { NamedSeries } from '../../model/named-series.ts'
import { redacted } from '../../model/secret-names.ts'
import type { MetricKind } from '../../model/series.ts'
import { type LabelOptions, seriesLabels } from './labels.ts'
import { metricName } from './metric-names.ts'

/** Endings of the names that one distribution becomes. */
const ENDINGS: Partial<Record<MetricKind, readonly string[]>> = {
  histogram: ['_bucket', '_count', '_sum'],
  exponential_histogram: ['_bucket', '_count', '_sum'],
  summary: ['', '_count', '_sum']
}

/** The Prometheus series that a series becomes, as selectors without secrets: `http_requests_total{job="a"}`. Not for events. */
export function namedStreams(series: NamedSeries, options: LabelOptions): string[] {
  const { name, unit, temporality, attributes, scope } = series
  const kind = series.kind as MetricKind
  const base = metricName({ name, unit, description: '', kind, temporality }, options.strategy)
  const resource = { attributes: series.resource, schemaUrl: '' }
  const labels = redacted(seriesLabels({ attributes, resource, scope }, options))
    .map(([label, value]) => `${quoted(label, /^[a-zA-Z_]\w*$/)}=${JSON.stringify(value)}`)
    .join(', ')
  return (ENDINGS[kind] ?? ['']).map(ending => {
    const full = base + ending
    if (/^[a-zA-Z_:][\w:]*$/.test(full)) return labels === '' ? full : `${full}{${labels}}`
    return `{${[JSON.stringify(full), labels].filter(Boolean).join(', ')}}`
  })
}

/** Names of other characters are quoted. */
const quoted = (name: string, plain: RegExp) => (plain.test(name) ? name : JSON.stringify(name))
