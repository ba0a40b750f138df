import type { StatusReport } from '../../core/admin/status.ts'
import type { TenantComponent } from '../../core/admin/tenant-ledger.ts'
import { getJson } from '../app/api.ts'
import type { Place } from '../app/place.ts'
import { element, update } from '../ui/dom.ts'
import { bytes, count } from '../ui/format.ts'
import { balanceCell, droppedCell, itemsCell, LEDGER_COLUMNS, ledgerRow } from './rows.ts'
import { type Column, ledgerTable } from './table.ts'

const EQUATION =
  'Of all components: received + produced = exported + absorbed + dropped + refused + in flight, where each item goes ' +
  'one way. A tenant’s name shows its part of the books of each component.'
const COLUMNS: readonly Column[] = [
  ['Tenant', 'wide'],
  ['Received'],
  ['Produced'],
  ['Exported'],
  ['Absorbed'],
  ['Dropped', 'wide'],
  ['Refused'],
  ['In flight'],
  ['Balance'],
  ['Active series'],
  ['Bytes'],
  ['Over the rate']
]
/** The empty name: items that were refused before their tenant was known, for instance. */
const NOBODY = 'of no tenant'

type Tenant = NonNullable<StatusReport['tenants']>[number]

/** The books of each tenant, and those of one of them by component. */
export class TenantLedgers {
  readonly root = element('div', { hidden: true })
  readonly #place: Place
  readonly #rows = element('tbody')
  readonly #message = element('p', { class: 'message error', role: 'status', hidden: true })
  readonly #chosen = element('div')

  constructor(place: Place) {
    this.#place = place
    this.#rows.addEventListener('click', ({ target }) => {
      const { tenant } = (target as HTMLElement).closest('button')?.dataset ?? {}
      if (tenant === undefined) return
      place.set({ tenant: tenant === place.get('tenant') ? undefined : tenant })
      void this.load()
    })
    this.root.append(
      element('h2', {}, 'Tenants'),
      element('p', { class: 'note' }, EQUATION),
      ledgerTable('Tenants', COLUMNS, this.#rows, 'tenants'),
      this.#message,
      this.#chosen
    )
  }

  show({ tenants }: StatusReport): void {
    this.root.hidden = tenants === undefined
    update(
      this.#rows,
      (tenants ?? []).map(tenant => tenantRow(tenant, this.#place.get('tenant')))
    )
  }

  /** Asks for the books of the tenant that the URL names. */
  async load(signal?: AbortSignal): Promise<void> {
    const tenant = this.#place.get('tenant')
    try {
      const components =
        tenant === undefined
          ? []
          : await getJson<readonly TenantComponent[]>('/api/tenants/ledger', { query: { tenant }, signal })
      if (tenant !== this.#place.get('tenant')) return
      this.#message.hidden = true
      update(this.#chosen, tenant === undefined ? [] : booksOf(tenant, components))
    } catch (error) {
      if (signal?.aborted) return
      this.#message.hidden = false
      this.#message.textContent = (error as Error).message
    }
  }
}

function tenantRow({ tenant, ledger, series, bytes: size, limited }: Tenant, chosen: string | undefined): HTMLElement {
  const { received, produced, exported, absorbed, dropped, refused, inFlight, imbalance } = ledger
  const name =
    tenant === ''
      ? NOBODY
      : element(
          'button',
          { type: 'button', class: 'quiet', 'data-tenant': tenant, 'aria-pressed': String(tenant === chosen) },
          tenant
        )
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    ...[received, produced, exported, absorbed].map(itemsCell),
    droppedCell(dropped),
    ...[refused, inFlight].map(itemsCell),
    balanceCell(imbalance),
    ...[count(series), bytes(size), count(limited)].map(text => element('td', {}, text))
  )
}

function booksOf(tenant: string, components: readonly TenantComponent[]): HTMLElement[] {
  if (components.length === 0) return [element('p', { class: 'note' }, `No item of ${tenant} has come yet.`)]
  const rows = element('tbody', {}, ...components.map(ledgerRow))
  return [
    element('h3', { class: 'books' }, `Books of ${tenant}`),
    ledgerTable(`Books of ${tenant}`, LEDGER_COLUMNS, rows)
  ]
}
