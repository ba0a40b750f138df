import type { ComponentReport } from '../../core/admin/component-report.ts'
import { element } from '../ui/dom.ts'
import { count } from '../ui/format.ts'

export function ledgerRow(component: ComponentReport): HTMLElement {
  const { kind, id, pipeline, account } = component
  const { received, produced, sent, absorbed, refused, inFlight } = account
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, id, element('small', {}, pipeline ? `${kind} in ${pipeline}` : kind)),
    ...[received, produced, sent, absorbed].map(cell),
    droppedCell(component),
    ...[refused, inFlight].map(cell),
    balanceCell(account.imbalance)
  )
}

/** Of all reasons. */
export function droppedItems({ account }: ComponentReport): number {
  return Object.values(account.dropped).reduce((total, items) => total + items, 0)
}

function cell(value: number): HTMLElement {
  return element('td', { class: value === 0 && 'zero' }, count(value))
}

function droppedCell(component: ComponentReport): HTMLElement {
  const total = cell(droppedItems(component))
  for (const [reason, items] of Object.entries(component.account.dropped))
    total.append(element('small', {}, `${reason} ${count(items)}`))
  return total
}

function balanceCell(imbalance: number): HTMLElement {
  return imbalance === 0
    ? element('td', { class: 'even' }, element('span', { role: 'img', 'aria-label': 'balanced' }, '✓'))
    : element('td', { class: 'off' }, `${count(imbalance)} unaccounted`)
}
