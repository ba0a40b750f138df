import type { AdviceReport, MetricAdvice } from '../../core/admin/advice/advice.ts'
import { element } from '../ui/dom.ts'
import { count, localTime } from '../ui/format.ts'

const WANTED_DAYS = 30
const MOST_LABELS = 8
const MOST_EXACT = 512
const ADDITIVE = ['counter', 'histogram', 'exponential_histogram']
const NOT_ADDITIVE =
  'Gauges and summaries are left out of the configuration: their values do not add up. Take their unused labels out where they are sent.'
const NOTHING_TO_SAVE = 'No counter or histogram has a label to take out that would save series.'
const COLUMNS = ['Series', 'Without unused labels', 'Saved'] as const

/** The metrics with most series, what each of their labels costs, and which of them nobody asks for. */
export function advicePanels(report: AdviceReport): HTMLElement[] {
  const { metrics, yaml } = report
  if (metrics.length === 0) return [element('p', { class: 'message' }, 'No series is known yet.')]
  return [
    element('p', { class: 'note' }, sinceText(report)),
    element(
      'section',
      { class: 'scroll', 'aria-label': 'Labels and their costs', tabindex: 0 },
      element(
        'table',
        {},
        element('caption', { class: 'hidden' }, 'Labels and their costs'),
        head(),
        element('tbody', {}, ...metrics.map(metricRow))
      )
    ),
    ...(isHardToSave(metrics) ? [element('p', { class: 'message' }, NOT_ADDITIVE)] : []),
    ...(yaml === undefined ? [element('p', { class: 'message' }, NOTHING_TO_SAVE)] : [yamlPanel(yaml)])
  ]
}

/** True if labels of metrics are unused whose series cannot be added up. */
function isHardToSave(metrics: readonly MetricAdvice[]): boolean {
  return metrics.some(({ kind, labels }) => !ADDITIVE.includes(kind) && labels.some(({ isUnused }) => isUnused))
}

/** Says honestly how long there has been to look. */
function sinceText({ since, days, isComplete }: AdviceReport): string {
  if (!isComplete) return 'More metrics are asked for than can be noted, so all labels count as used.'
  const span = days >= WANTED_DAYS ? `in ${WANTED_DAYS} days` : `since ${localTime(since / 1000)}`
  const warning =
    days >= WANTED_DAYS ? '' : `, which is less than ${WANTED_DAYS} days: some may be asked for more rarely`
  return `Unused are labels that no query, no rule and no question about series asked for ${span}${warning}.`
}

function head(): HTMLElement {
  const cells = COLUMNS.map(name => element('th', { scope: 'col' }, name))
  return element(
    'thead',
    {},
    element(
      'tr',
      {},
      element('th', { scope: 'col', class: 'wide' }, 'Metric'),
      ...cells,
      element('th', { scope: 'col', class: 'labels' }, 'Labels, and the series that are left without each')
    )
  )
}

function metricRow(metric: MetricAdvice): HTMLElement {
  const { name, kind, temporality, isReceived, series, isSampled, seriesWithoutUnused, queriesOfAll, labels } = metric
  const what = [temporality === 'unspecified' ? kind : `${temporality} ${kind}`, isReceived ? '' : ', made here'].join(
    ''
  )
  const saved = series - seriesWithoutUnused
  const caution = queriesOfAll > 0 && saved > 0
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name, element('small', {}, what)),
    element('td', {}, count(series), isSampled && element('small', {}, 'some were looked into')),
    element('td', {}, saved === 0 ? '' : estimate(seriesWithoutUnused)),
    element('td', { class: saved === 0 ? 'zero' : undefined }, saved === 0 ? '0' : estimate(saved)),
    element(
      'td',
      { class: 'labels' },
      ...labels.slice(0, MOST_LABELS).map(labelCost),
      labels.length > MOST_LABELS && element('div', {}, `and ${count(labels.length - MOST_LABELS)} more`),
      caution &&
        element('small', {}, `${count(queriesOfAll)} queries depend on all of its labels, and would answer otherwise.`)
    )
  )
}

/** Numbers up to 512 are exact. */
const estimate = (value: number) => `${value > MOST_EXACT ? '≈ ' : ''}${count(value)}`

function labelCost({ name, values, samples, seriesWithout, isUnused }: MetricAdvice['labels'][number]): HTMLElement {
  return element(
    'div',
    {},
    element('b', {}, name),
    ` ${estimate(values)} ${values === 1 ? 'value' : 'values'}, ${estimate(seriesWithout)} series without it `,
    isUnused && element('span', { class: 'badge warn' }, 'unused'),
    element('small', {}, ` ${samples.join(', ')}`)
  )
}

function yamlPanel(yaml: string): HTMLElement {
  return element(
    'section',
    { 'aria-labelledby': 'advice-yaml-title' },
    element(
      'div',
      { class: 'tools' },
      element('h3', { id: 'advice-yaml-title' }, 'Configuration without the unused labels'),
      element('button', { type: 'button', 'data-copy': true }, 'Copy')
    ),
    element('pre', { class: 'yaml', tabindex: 0, 'aria-labelledby': 'advice-yaml-title' }, yaml)
  )
}
