import { ConfiguredTenants, type TenantUsage } from '../http/tenants/tenants.ts'
import type { Component } from '../pipeline/graph/component.ts'
import type { BuiltService } from '../pipeline/service/build.ts'
import type { Account } from '../telemetry/account.ts'
import { TenantAccount } from '../telemetry/tenant-account.ts'
import { type AccountReport, accountReport } from './component-report.ts'

/** A tenant's items in the books of all components, since the start. */
export interface TenantLedger {
  /** By receivers. */
  readonly received: number
  /** Made of its items, such as the counts of windows. */
  readonly produced: number
  /** Backends have them. Those of each exporter count. */
  readonly exported: number
  /** They live on inside produced items. */
  readonly absorbed: number
  /** By reason. */
  readonly dropped: Readonly<Record<string, number>>
  /** By receivers: their senders have them still. */
  readonly refused: number
  /** Inside of Weir: in journals, processors and queues. */
  readonly inFlight: number
  /** Items that some component cannot account for: 0, or a bug. */
  readonly imbalance: number
}

/** A tenant, as the status shows it. The one without a name has items that nobody can say whose they are. */
export interface TenantReport extends TenantUsage {
  readonly ledger: TenantLedger
}

/** A tenant's part of the books of one component. */
export interface TenantComponent {
  readonly kind: string
  readonly id: string
  readonly pipeline: string | undefined
  readonly account: AccountReport
}

/** Undefined if data belongs to no tenants. */
export function tenantReports({ services, components }: BuiltService): TenantReport[] | undefined {
  const { tenants } = services.access
  if (!(tenants instanceof ConfiguredTenants)) return undefined
  const ledgers = ledgersOf(components)
  const named = tenants.usage.map(usage => ({ ...usage, ledger: ledgers.get(usage.tenant)?.report ?? NOTHING }))
  const nobody = ledgers.get('')?.report
  return nobody === undefined ? named : [...named, { ...NO_USAGE, ledger: nobody }]
}

/** The books of one tenant, of each component that had an item of it. */
export function tenantComponents({ components }: BuiltService, tenant: string): TenantComponent[] {
  return components.flatMap(component => {
    const account = booksOf(component)?.get(tenant)
    const { kind, id, pipeline } = component
    return account === undefined ? [] : [{ kind, id, pipeline, account: accountReport(account) }]
  })
}

function ledgersOf(components: readonly Component[]): Map<string, Sums> {
  const ledgers = new Map<string, Sums>()
  for (const component of components) {
    for (const [tenant, account] of booksOf(component) ?? []) {
      let sums = ledgers.get(tenant)
      if (sums === undefined) ledgers.set(tenant, (sums = new Sums()))
      sums.add(component.kind, account)
    }
  }
  return ledgers
}

const booksOf = ({ account }: Component) => (account instanceof TenantAccount ? account.tenants : undefined)

class Sums {
  readonly report = {
    received: 0,
    produced: 0,
    exported: 0,
    absorbed: 0,
    dropped: {} as Record<string, number>,
    refused: 0,
    inFlight: 0,
    imbalance: 0
  }

  add(kind: Component['kind'], account: Account): void {
    const { report } = this
    if (kind === 'receiver') {
      report.received += account.received
      // Those that others refuse come back to it.
      report.refused += account.refused
    } else report.inFlight += account.inFlight
    if (kind === 'exporter') report.exported += account.sent
    report.produced += account.produced
    report.absorbed += account.absorbed
    report.imbalance += Math.abs(account.imbalance)
    for (const [reason, items] of account.dropped) report.dropped[reason] = (report.dropped[reason] ?? 0) + items
  }
}

const NOTHING: TenantLedger = new Sums().report
const NO_USAGE: TenantUsage = { tenant: '', samples: 0, bytes: 0, series: 0, exported: 0, refused: 0, limited: 0 }
