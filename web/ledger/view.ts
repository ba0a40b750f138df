import { statusFeed } from '../app/status.ts'
import type { View } from '../app/view.ts'
import { element, update } from '../ui/dom.ts'
import { ledgerRow } from './rows.ts'

const EQUATION = 'Items since the start: received + produced = sent + absorbed + dropped + refused + in flight.'
const COLUMNS = [
  ['Component', 'wide'],
  ['Received'],
  ['Produced'],
  ['Sent'],
  ['Absorbed'],
  ['Dropped', 'wide'],
  ['Refused'],
  ['In flight'],
  ['Balance']
] as const

/** The books of every component. */
export const view: View = root => {
  const rows = element('tbody', { id: 'ledger' })
  const head = COLUMNS.map(([name, className]) => element('th', { scope: 'col', class: className }, name))
  root.append(
    element('h2', {}, 'Ledger'),
    element('p', { class: 'note' }, EQUATION),
    element(
      'section',
      { class: 'scroll', 'aria-label': 'Ledger table', tabindex: 0 },
      element('table', {}, element('thead', {}, element('tr', {}, ...head)), rows)
    )
  )
  const unsubscribe = statusFeed.subscribe(status => {
    if (status !== undefined) update(rows, status.components.map(ledgerRow))
  })
  return { close: unsubscribe }
}
