import type { Block } from '../../model/block.ts'
import { ItemAttribute } from '../../model/item-attribute.ts'
import { TENANT } from '../../model/tenant.ts'
import type { Watcher } from '../../telemetry/edge.ts'

/** Counts the items that backends take, by tenant. An item that two exporters send counts twice. */
export class ExportedItems implements Watcher {
  readonly #counts = new Map<string, number>()
  /** Windows have the tenant as an attribute of the point, if they group by some. */
  readonly #tenants = new ItemAttribute(TENANT)

  /** Points and events. */
  of(tenant: string): number {
    return this.#counts.get(tenant) ?? 0
  }

  passed(block: Block): void {
    let tenant = ''
    let from = 0
    // Most blocks are of one tenant.
    for (let i = 0; i < block.length; i++) {
      const own = this.#tenants.read(block, i)
      if (own === tenant) continue
      this.#add(tenant, i - from)
      tenant = own
      from = i
    }
    this.#add(tenant, block.length - from)
  }

  ended(): void {}

  #add(tenant: string, items: number): void {
    if (items > 0 && tenant !== '') this.#counts.set(tenant, this.of(tenant) + items)
  }
}
