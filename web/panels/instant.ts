import type { Labels, QueryData } from '../app/promql.ts'
import { numberOf } from '../ui/chart/data.ts'
import { element } from '../ui/dom.ts'
import { quantity, type Unit } from '../ui/format.ts'
import { labelOf } from './label-of.ts'
import { legendText } from './legend-text.ts'

/** More rows than this are not read. */
const MOST_ROWS = 500

/** A number with its name. */
export interface Figure {
  readonly name: string
  readonly labels: Labels
  readonly value: number | null
}

/** Figures of one query. */
export interface Figures {
  readonly column: string
  readonly figures: readonly Figure[]
}

/** Values of an instant query. Histograms count by their number of observations. @param legend of series */
export function figuresOf(data: QueryData, legend: string | undefined, column: string): Figures {
  if (data.resultType === 'scalar' || data.resultType === 'string')
    return { column, figures: [{ name: legend ?? '', labels: {}, value: numberOf(data.result[1]) }] }
  if (data.resultType !== 'vector') return { column, figures: [] }
  const figures = data.result.map(({ metric, value, histogram }) => ({
    name: legendText(metric, legend),
    labels: metric,
    value: numberOf(value?.[1] ?? histogram?.[1].count ?? 'NaN')
  }))
  return { column, figures }
}

/** Large numbers, each with its name. */
export function figureList(all: readonly Figures[], unit: Unit | undefined): HTMLElement {
  const figures = all.flatMap(({ figures }) => figures)
  const tiles = figures.map(({ name, value }) =>
    element('div', {}, element('dt', {}, name), element('dd', {}, value === null ? '–' : quantity(value, unit)))
  )
  return element('dl', { class: 'figures' }, ...tiles)
}

/** A row for each label set, and a column for each query. */
export function figureTable(all: readonly Figures[], unit: Unit | undefined): HTMLElement {
  const rows = new Map<string, { readonly labels: Labels; readonly values: (number | null)[] }>()
  for (const [i, { figures }] of all.entries())
    for (const { labels, value } of figures) {
      const key = JSON.stringify(Object.entries(labels).sort())
      const row = rows.get(key) ?? { labels, values: all.map(() => null) }
      row.values[i] = value
      rows.set(key, row)
    }
  const names = [...new Set([...rows.values()].flatMap(({ labels }) => Object.keys(labels)))]
  const columns = all.map(({ column }) => column)
  const body = [...rows.values()]
    .slice(0, MOST_ROWS)
    .map(({ labels, values }) =>
      element(
        'tr',
        {},
        ...names.map(name => element('td', { class: 'text' }, labelOf(labels, name))),
        ...values.map(value => element('td', {}, value === null ? '–' : quantity(value, unit)))
      )
    )
  const head = [...names, ...columns].map(name =>
    element('th', { scope: 'col' }, name === '__name__' ? 'Metric' : name)
  )
  return element(
    'section',
    { class: 'scroll', tabindex: 0, 'aria-label': 'Table of values' },
    element(
      'table',
      { class: 'values' },
      element('caption', { class: 'hidden' }, 'Values at the end of the range'),
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...body)
    ),
    rows.size > MOST_ROWS && element('p', { class: 'note' }, `${rows.size - MOST_ROWS} more rows`)
  )
}
