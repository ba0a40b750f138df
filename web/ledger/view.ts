import { poll } from '../app/poll.ts'
import { statusFeed } from '../app/status.ts'
import type { View } from '../app/view.ts'
import { element, update } from '../ui/dom.ts'
import { showAlerts } from './alerts.ts'
import { ledgerRow } from './rows.ts'
import { type Column, ledgerTable } from './table.ts'
import { TENANT_COLUMNS, tenantRow } from './tenants.ts'
import { totalTiles } from './totals.ts'

const EQUATION = 'Items since the start: received + produced = sent + absorbed + dropped + refused + in flight.'
const ALERTS_POLL_MS = 5000
const COLUMNS: readonly Column[] = [
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

/** The books of the process, of every component and every tenant, and the alerts. */
export const view: View = root => {
  const totals = element('dl', { class: 'tiles' })
  const rows = element('tbody', { id: 'ledger' })
  const tenantRows = element('tbody')
  const tenants = element(
    'div',
    { hidden: true },
    element('h2', {}, 'Tenants'),
    ledgerTable('Tenants', TENANT_COLUMNS, tenantRows, 'values')
  )
  const alerts = element('div', { 'aria-live': 'polite' })
  root.append(
    element('h2', {}, 'Ledger'),
    element('p', { class: 'note' }, EQUATION),
    totals,
    ledgerTable('Ledger table', COLUMNS, rows),
    tenants,
    element('h2', {}, 'Alerts'),
    alerts
  )
  const unsubscribe = statusFeed.subscribe(status => {
    if (status === undefined) return
    update(totals, totalTiles(status))
    update(rows, status.components.map(ledgerRow))
    tenants.hidden = status.tenants === undefined
    update(tenantRows, (status.tenants ?? []).map(tenantRow))
  })
  const end = new AbortController()
  void poll(ALERTS_POLL_MS, () => showAlerts(alerts, end.signal), end.signal)
  return {
    close() {
      unsubscribe()
      end.abort()
    }
  }
}
