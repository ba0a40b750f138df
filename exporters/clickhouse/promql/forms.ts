import { METRIC_NAME } from '../../../core/promql/labels.ts'
import type { Matcher } from '../../../core/promql/matcher.ts'
import type { StoredMetric } from './catalog.ts'

/**
 * The Prometheus series that a metric is shown as. `value`: its number; `native`: a native histogram; `bucket`: one
 * series for each bound `le`; `quantile`: one for each quantile of a summary.
 */
export type Form = 'value' | 'native' | 'bucket' | 'quantile' | 'sum' | 'count'

export interface MetricForm {
  readonly metric: StoredMetric
  readonly form: Form
  /** With the suffix. */
  readonly name: string
}

/** The label that tells the series of one form apart, if there are several. */
export const FORM_LABELS: Readonly<Partial<Record<Form, string>>> = { bucket: 'le', quantile: 'quantile' }

const SUFFIXES: Readonly<Record<Form, string>> = {
  value: '',
  native: '',
  quantile: '',
  bucket: '_bucket',
  sum: '_sum',
  count: '_count'
}

/** The forms of these metrics whose names match. OpenTelemetry's own name stands for the form without a suffix. */
export function matchingForms(metrics: readonly StoredMetric[], matchers: readonly Matcher[]): MetricForm[] {
  const ofName = matchers.filter(({ name }) => name === METRIC_NAME)
  const isNamed = ofName.some(({ op }) => op === '=')
  const forms: MetricForm[] = []
  for (const metric of metrics)
    for (const form of isNamed ? formsOf(metric) : usualFormsOf(metric)) {
      const name = metric.family + SUFFIXES[form]
      const isMet = (matcher: Matcher) =>
        matcher.matches(name) || (matcher.op === '=' && SUFFIXES[form] === '' && matcher.value === metric.name)
      if (ofName.every(isMet)) forms.push({ metric, form, name })
    }
  return forms
}

/** A selector that names no metric should not find the same histogram twice. */
function usualFormsOf(metric: StoredMetric): readonly Form[] {
  if (metric.kind === 'exponential_histogram') return ['native']
  return formsOf(metric).filter(form => form !== 'native')
}

function formsOf({ kind }: StoredMetric): readonly Form[] {
  if (kind === 'summary') return ['quantile', 'sum', 'count']
  return kind === 'histogram' || kind === 'exponential_histogram' ? ['native', 'bucket', 'sum', 'count'] : ['value']
}
