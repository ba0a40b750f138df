import type { cardinalityReport } from '../../processors/cardinality_limiter/report.ts'
import { element } from '../ui/dom.ts'
import { count, localTime } from '../ui/format.ts'

type Report = ReturnType<typeof cardinalityReport>
type Metric = Report['metrics'][number]
/** An entry of `GET /cardinality`. */
export type LimiterReport = Report & { readonly id: string; readonly pipeline: string }

const FULL = 0.8
const COLUMNS = ['Series wanted', 'Have a place', 'Places', 'Points over']

/** Of each limiter: the metrics with most series, and what makes so many of them. */
export function cardinalityPanels(reports: readonly LimiterReport[]): HTMLElement[] {
  return reports.map(panel)
}

function panel(report: LimiterReport): HTMLElement {
  const { id, pipeline, admitted, limit, metricCount, metricLimit, metrics, tenants } = report
  return element(
    'section',
    { 'aria-label': `Cardinality of ${id} in ${pipeline}` },
    element('h3', {}, `${id} `, element('small', {}, `in ${pipeline}`)),
    element(
      'p',
      {},
      `${count(admitted)} of ${count(limit)} series, ${count(metricCount)} of ${count(metricLimit)} metrics`,
      tenants.length > 0 ? element('small', {}, `, most of tenant ${tenants.map(tenantText).join(', ')}`) : ''
    ),
    metrics.length > 0 ? table(`Metrics of ${id} in ${pipeline}`, metrics) : undefined
  )
}

function table(name: string, metrics: readonly Metric[]): HTMLElement {
  return element(
    'section',
    { class: 'scroll', 'aria-label': name, tabindex: '0' },
    element(
      'table',
      {},
      element('caption', { class: 'hidden' }, name),
      head(),
      element('tbody', {}, ...metrics.map(metricRow))
    )
  )
}

function head(): HTMLElement {
  const column = (name: string, className?: string) => element('th', { scope: 'col', class: className }, name)
  return element(
    'thead',
    {},
    element('tr', {}, column('Metric', 'wide'), ...COLUMNS.map(name => column(name)), column('Labels', 'labels'))
  )
}

function metricRow(metric: Metric): HTMLElement {
  const { name, kind, temporality, demand, admitted, limit, isOverLimit, overSince, labels } = metric
  const what = temporality === 'unspecified' ? kind : `${temporality} ${kind}`
  return element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      name,
      element('small', {}, what),
      isOverLimit ? element('span', { class: 'badge warn' }, 'over the limit') : undefined,
      overSince !== undefined && element('small', {}, `since ${localTime(overSince / 1000)}`)
    ),
    // Of those over a limit it is an estimate.
    element('td', {}, `${isOverLimit ? '≈ ' : ''}${count(demand)}`, demandMeter(metric)),
    ...[admitted, limit].map(value => element('td', {}, count(value))),
    overCell(metric),
    element('td', { class: 'labels' }, ...labels.map(labelText))
  )
}

/** The demand against the places, which it may be many times of. */
function demandMeter({ name, demand, limit }: Metric): HTMLElement {
  return element('meter', {
    class: 'demand',
    'aria-label': `series of ${name} against its places`,
    max: limit,
    high: limit * FULL,
    optimum: 0,
    value: Math.min(demand, limit)
  })
}

function overCell({ action, pointsOverLimit, pointsFolded }: Metric): HTMLElement {
  if (pointsOverLimit === 0) return element('td', { class: 'zero' }, '0')
  const folded = pointsFolded > 0 ? element('small', {}, `added up ${count(pointsFolded)}`) : undefined
  return element('td', {}, count(pointsOverLimit), element('small', {}, action), folded)
}

/** With values seen last. */
function labelText({ name, values, samples }: Metric['labels'][number]): HTMLElement {
  return element('div', {}, element('b', {}, name), ` ≈ ${count(values)} `, element('small', {}, samples.join(', ')))
}

const tenantText = ({ name, series }: Report['tenants'][number]) => `${name === '' ? 'none' : name} (${count(series)})`
