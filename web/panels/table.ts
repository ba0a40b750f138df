import type { ChartData } from '../ui/chart/data.ts'
import { element } from '../ui/dom.ts'
import { quantity, type Unit } from '../ui/format.ts'
import { labelOf } from './label-of.ts'

/** More rows than this are not read. */
const MOST_ROWS = 500

/** The newest value of each line, by labels; the highest first. */
export function valueTable(data: ChartData, unit: Unit | undefined): HTMLElement {
  const names = [...new Set(data.lines.flatMap(({ labels }) => Object.keys(labels)))]
  const rows = data.lines
    .map(({ labels, values }) => ({ labels, value: values.findLast(one => one !== null) ?? null }))
    .sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity))
  const head = [...names, 'Value'].map(name => element('th', { scope: 'col' }, name === '__name__' ? 'Metric' : name))
  const body = rows
    .slice(0, MOST_ROWS)
    .map(({ labels, value }) =>
      element(
        'tr',
        {},
        ...names.map(name => element('td', { class: 'text' }, labelOf(labels, name))),
        element('td', {}, value === null ? '–' : quantity(value, unit))
      )
    )
  const more = rows.length > MOST_ROWS && element('p', { class: 'note' }, `${rows.length - MOST_ROWS} more series`)
  return element(
    'section',
    { class: 'scroll', tabindex: 0, 'aria-label': 'Table of values' },
    element(
      'table',
      { class: 'values' },
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...body)
    ),
    more
  )
}
