import type { ComponentReport } from '../../core/admin/component-report.ts'
import { element } from '../ui/dom.ts'
import { count } from '../ui/format.ts'
import type { Column } from './table.ts'

/** Of {@link ledgerRow}. */
export const LEDGER_COLUMNS: readonly Column[] = [
  ['Component', 'wide'],
  ['Received'],
  ['Produced'],
  ['Sent'],
  ['Absorbed'],
  ['Dropped', 'wide'],
  ['Refused'],
  ['In flight'],
  ['Balance']
]

type Dropped = ComponentReport['account']['dropped']

/** The books of a component, or a tenant's part of them. */
export function ledgerRow({
  kind,
  id,
  pipeline,
  account
}: Pick<ComponentReport, 'kind' | 'id' | 'pipeline' | 'account'>): HTMLElement {
  const { received, produced, sent, absorbed, dropped, refused, inFlight, imbalance } = account
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, id, element('small', {}, pipeline ? `${kind} in ${pipeline}` : kind)),
    ...[received, produced, sent, absorbed].map(itemsCell),
    droppedCell(dropped),
    ...[refused, inFlight].map(itemsCell),
    balanceCell(imbalance)
  )
}

/** Of all reasons. */
export function droppedItems(dropped: Dropped): number {
  return Object.values(dropped).reduce((total, items) => total + items, 0)
}

export function itemsCell(value: number): HTMLElement {
  return element('td', { class: value === 0 && 'zero' }, count(value))
}

export function droppedCell(dropped: Dropped): HTMLElement {
  const total = itemsCell(droppedItems(dropped))
  for (const [reason, items] of Object.entries(dropped)) total.append(element('small', {}, `${reason} ${count(items)}`))
  return total
}

export function balanceCell(imbalance: number): HTMLElement {
  return imbalance === 0
    ? element('td', { class: 'even' }, element('span', { role: 'img', 'aria-label': 'balanced' }, '✓'))
    : element('td', { class: 'off' }, `${count(imbalance)} unaccounted`)
}
