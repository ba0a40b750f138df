import { element } from './dom.js'
import { count } from './format.js'

const COLUMNS = ['Series wanted', 'Have a place', 'Places', 'Points over']

/** Of each limiter: the metrics with most series, and what makes so many of them. */
export function cardinalityPanels(reports) {
  return reports.map(panel)
}

function panel({ id, pipeline, admitted, limit, metricCount, metricLimit, metrics, tenants }) {
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

function table(name, metrics) {
  return element(
    'section',
    { class: 'scroll', 'aria-label': name, tabindex: '0' },
    element('table', {}, head(), element('tbody', {}, ...metrics.map(metricRow)))
  )
}

function head() {
  const column = (name, className) => element('th', { scope: 'col', class: className }, name)
  return element(
    'thead',
    {},
    element('tr', {}, column('Metric', 'wide'), ...COLUMNS.map(name => column(name)), column('Labels', 'labels'))
  )
}

function metricRow(metric) {
  const { name, kind, temporality, demand, admitted, limit, isOverLimit, labels } = metric
  const what = temporality === 'unspecified' ? kind : `${temporality} ${kind}`
  return element(
    'tr',
    {},
    element(
      'th',
      { scope: 'row' },
      name,
      element('small', {}, what),
      isOverLimit ? element('span', { class: 'badge warn' }, 'over the limit') : undefined
    ),
    // Of those over a limit it is an estimate.
    element('td', {}, `${isOverLimit ? '≈ ' : ''}${count(demand)}`),
    ...[admitted, limit].map(value => element('td', {}, count(value))),
    overCell(metric),
    element('td', { class: 'labels' }, ...labels.map(labelText))
  )
}

function overCell({ action, pointsOverLimit, pointsFolded }) {
  if (pointsOverLimit === 0) return element('td', { class: 'zero' }, '0')
  const folded = pointsFolded > 0 ? element('small', {}, `added up ${count(pointsFolded)}`) : undefined
  return element('td', {}, count(pointsOverLimit), element('small', {}, action), folded)
}

/** With values seen last. */
function labelText({ name, values, samples }) {
  return element('div', {}, element('b', {}, name), ` ≈ ${count(values)} `, element('small', {}, samples.join(', ')))
}

const tenantText = ({ name, series }) => `${name === '' ? 'none' : name} (${count(series)})`
