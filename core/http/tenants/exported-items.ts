import type { Block } from '../../model/block.ts'
import type { Watcher } from '../../telemetry/edge.ts'
import type { TenantShares } from '../../telemetry/tenant-shares.ts'

/** Counts the items that backends take, by tenant. An item that two exporters send counts twice. */
export class ExportedItems implements Watcher {
  readonly #shares: TenantShares
  readonly #counts = new Map<string, number>()

  constructor(shares: TenantShares) {
    this.#shares = shares
  }

  /** Points and events. */
  of(tenant: string): number {
    return this.#counts.get(tenant) ?? 0
  }

  passed(block: Block): void {
    for (const [tenant, items] of this.#shares.of(block)) this.#counts.set(tenant, this.of(tenant) + items)
  }

  ended(): void {}
}
