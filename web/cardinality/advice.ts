import type { AdviceReport, MetricAdvice } from '../../core/admin/advice/advice.ts'
import { element } from '../ui/dom.ts'
import { count, localTime } from '../ui/format.ts'

const WANTED_DAYS = 30
const MOST_LABELS = 8
const MOST_EXACT = 512
const NOT_ADDITIVE =
  'Summaries and sets are left out of the configuration: their values do not add up. Take their unused labels out where they are sent.'
const NOTHING_TO_SAVE = 'No metric has a label to take out that would save series.'
const WITH_GAUGES = 'The same and gauges, which get other names'
/** Kinds that no configuration is offered for. */
const WITHOUT_REMEDY = ['summary', 'set']
const COLUMNS = ['Series', 'Without unused labels', 'Saved'] as const

/** The metrics with most series, what each of their labels costs, and which of them nobody asks for. */
export function advicePanels(report: AdviceReport): HTMLElement[] {
  const { metrics, yaml, yamlWithGauges, mostSampled } = report
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
    ...(metrics.some(({ isSampled }) => isSampled) ? [element('p', { class: 'note' }, sampledText(mostSampled))] : []),
    ...(isHardToSave(metrics) ? [element('p', { class: 'message' }, NOT_ADDITIVE)] : []),
    ...(yaml === undefined ? [] : [yamlPanel('Configuration without the unused labels', yaml)]),
    ...(yamlWithGauges === undefined ? [] : [yamlPanel(WITH_GAUGES, yamlWithGauges)]),
    ...((yaml ?? yamlWithGauges) === undefined ? [element('p', { class: 'message' }, NOTHING_TO_SAVE)] : [])
  ]
}

/** True if labels of metrics are unused whose series cannot be added up. */
function isHardToSave(metrics: readonly MetricAdvice[]): boolean {
  return metrics.some(({ kind, labels }) => WITHOUT_REMEDY.includes(kind) && labels.some(({ isUnused }) => isUnused))
}

/** Says what is known of metrics with very many series. */
function sampledText(most: number): string {
  return (
    `Of a metric with more than ${count(most)} series the first ${count(most)} are looked into. There are at least as many ` +
    'values as they have. What is left without a label is projected to all series, and is less rather than more, for ' +
    'further series repeat what was there: so at least that much is saved.'
  )
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
    element('td', {}, count(series), isSampled && element('small', {}, 'sampled')),
    element('td', {}, saved === 0 ? '' : `${isSampled ? '≤ ' : ''}${estimate(seriesWithoutUnused)}`),
    element(
      'td',
      { class: saved === 0 ? 'zero' : undefined },
      saved === 0 ? '0' : `${isSampled ? '≥ ' : ''}${estimate(saved)}`
    ),
    element(
      'td',
      { class: 'labels' },
      ...labels.slice(0, MOST_LABELS).map(label => labelCost(label, isSampled)),
      labels.length > MOST_LABELS && element('div', {}, `and ${count(labels.length - MOST_LABELS)} more`),
      caution &&
        element('small', {}, `${count(queriesOfAll)} queries depend on all of its labels, and would answer otherwise.`)
    )
  )
}

/** Numbers up to 512 are exact. */
const estimate = (value: number) => `${value > MOST_EXACT ? '≈ ' : ''}${count(value)}`

function labelCost(
  { name, values, samples, seriesWithout, isUnused }: MetricAdvice['labels'][number],
  isSampled: boolean
): HTMLElement {
  const [least, most] = isSampled ? ['≥ ', '≤ '] : ['', '']
  return element(
    'div',
    {},
    element('b', {}, name),
    ` ${least}${estimate(values)} ${values === 1 ? 'value' : 'values'}, ${most}${estimate(seriesWithout)} series without it `,
    isUnused && element('span', { class: 'badge warn' }, 'unused'),
    element('small', {}, ` ${samples.join(', ')}`)
  )
}

function yamlPanel(title: string, yaml: string): HTMLElement {
  return element(
    'section',
    { 'aria-label': title },
    element(
      'div',
      { class: 'tools' },
      element('h3', {}, title),
      element('button', { type: 'button', 'data-copy': true }, 'Copy')
    ),
    element('pre', { class: 'yaml', tabindex: 0, 'aria-label': title }, yaml)
  )
}
