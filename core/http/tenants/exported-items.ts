import { type Attributes, attributeText, findAttribute } from '../../model/attributes.ts'
import type { Block } from '../../model/block.ts'
import { SeriesMemo } from '../../model/series-memo.ts'
import { TENANT } from '../../model/tenant.ts'
import type { Watcher } from '../../telemetry/edge.ts'

/** Counts the items that backends take, by tenant. An item that two exporters send counts twice. */
export class ExportedItems implements Watcher {
  readonly #counts = new Map<string, number>()
  /** Windows have the tenant as an attribute of the point, if they group by some. */
  readonly #tenants = new SeriesMemo(
    ({ attributes, resource }) => tenantIn(resource.attributes) || tenantIn(attributes)
  )

  /** Points and events. */
  of(tenant: string): number {
    return this.#counts.get(tenant) ?? 0
  }

  passed(block: Block): void {
    let tenant = ''
    let from = 0
    // Most blocks are of one tenant.
    for (let i = 0; i < block.length; i++) {
      const own = block.type === 'points' ? this.#tenants.get(block.series, i) : tenantIn(block.attributes[i])
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

/** Empty if there is none. */
function tenantIn(attributes: Attributes): string {
  return attributeText(findAttribute(attributes, TENANT) ?? '')
}
