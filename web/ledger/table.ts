import { element } from '../ui/dom.ts'

/** A heading, and the class of its column. */
export type Column = readonly [heading: string, className?: string]

/** A table that scrolls by itself. Its rows are made later, in `rows`. */
export function ledgerTable(
  caption: string,
  columns: readonly Column[],
  rows: HTMLElement,
  className?: string
): HTMLElement {
  const head = columns.map(([heading, cell]) => element('th', { scope: 'col', class: cell }, heading))
  return element(
    'section',
    { class: 'scroll', 'aria-label': caption, tabindex: 0 },
    element(
      'table',
      { class: className },
      element('caption', { class: 'hidden' }, caption),
      element('thead', {}, element('tr', {}, ...head)),
      rows
    )
  )
}
