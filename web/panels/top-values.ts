import { lineColor } from '../ui/chart/colors.ts'
import { element } from '../ui/dom.ts'
import { count } from '../ui/format.ts'
import type { TopAnswer } from './event-answers.ts'

/** A bar for each of the most frequent values. */
export function topTable({ values, other }: TopAnswer): HTMLElement {
  const most = values[0]?.count ?? 0
  const rows = values.map(({ value, count: own }) => {
    const bar = element('span', { class: 'bar', 'aria-hidden': 'true' })
    bar.style.width = `${most === 0 ? 0 : (own / most) * 100}%`
    bar.style.background = lineColor(0)
    return row(value, bar, own)
  })
  if (other !== undefined) rows.push(row('all others', undefined, other.count))
  return element(
    'table',
    { class: 'bars' },
    element('caption', { class: 'hidden' }, 'Most frequent values'),
    element('tbody', {}, ...rows)
  )
}

const row = (name: string, bar: HTMLElement | undefined, own: number) =>
  element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element('td', { class: 'track' }, bar),
    element('td', {}, count(own))
  )
