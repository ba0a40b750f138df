import { poll } from '../app/poll.ts'
import { statusFeed } from '../app/status.ts'
import type { View } from '../app/view.ts'
import { element, update } from '../ui/dom.ts'
import { showAlerts } from './alerts.ts'
import { LEDGER_COLUMNS, ledgerRow } from './rows.ts'
import { ledgerTable } from './table.ts'
import { TenantLedgers } from './tenants.ts'
import { totalTiles } from './totals.ts'

const EQUATION = 'Items since the start: received + produced = sent + absorbed + dropped + refused + in flight.'
const ALERTS_POLL_MS = 5000
const TENANT_POLL_MS = 2000

/** The books of the process, of every component and every tenant, and the alerts. */
export const view: View = (root, place) => {
  const totals = element('dl', { class: 'tiles' })
  const rows = element('tbody', { id: 'ledger' })
  const tenants = new TenantLedgers(place)
  const alerts = element('div', { 'aria-live': 'polite' })
  root.append(
    element('h2', {}, 'Ledger'),
    element('p', { class: 'note' }, EQUATION),
    totals,
    ledgerTable('Ledger table', LEDGER_COLUMNS, rows),
    tenants.root,
    element('h2', {}, 'Alerts'),
    alerts
  )
  const unsubscribe = statusFeed.subscribe(status => {
    if (status === undefined) return
    update(totals, totalTiles(status))
    update(rows, status.components.map(ledgerRow))
    tenants.show(status)
  })
  const end = new AbortController()
  void poll(TENANT_POLL_MS, () => tenants.load(end.signal), end.signal)
  void poll(ALERTS_POLL_MS, () => showAlerts(alerts, end.signal), end.signal)
  return {
    close() {
      unsubscribe()
      end.abort()
    }
  }
}
