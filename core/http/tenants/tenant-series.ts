import { withAttributes } from '../../model/attributes.ts'
import { NOT_DERIVED } from '../../model/derived-series.ts'
import { type ItemLimits, measureAttributes } from '../../model/item-limits.ts'
import type { PointBlock } from '../../model/points.ts'
import { Selection } from '../../model/select.ts'
import type { Resource } from '../../model/series.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import { looksLikeTenant, TENANT } from '../../model/tenant.ts'
import type { TenantIds } from './tenant-ids.ts'

interface TenantSeriesHost {
  readonly series: SeriesTable
  readonly ids: TenantIds
}

/** The series of one tenant: those that receivers found, with the tenant in their resource. */
export class TenantSeries {
  readonly #table: SeriesTable
  readonly #name: string
  readonly #slot: number
  readonly #ids: TenantIds
  readonly #maxSeries: number
  readonly #limits: ItemLimits
  readonly #derive = (received: number) => this.#idFrom(this.#table.read(received))
  readonly #resources = new WeakMap<Resource, Resource>()
  readonly #selection = new Selection()

  constructor(
    tenant: { readonly name: string; readonly slot: number },
    limits: ItemLimits,
    maxSeries: number,
    host: TenantSeriesHost
  ) {
    this.#name = tenant.name
    this.#slot = tenant.slot
    this.#limits = limits
    this.#maxSeries = maxSeries
    this.#table = host.series
    this.#ids = host.ids
  }

  /** Active ones. */
  get size(): number {
    return this.#ids.sizeOf(this.#slot)
  }

  /** Further series may be known. Those that break a limit take room in the table too, though no point has them. */
  get hasRoom(): boolean {
    return Math.max(this.size, this.#ids.notDerivedOf(this.#slot)) < this.#maxSeries
  }

  /** @param refuse called with the reason of each point that is left out */
  label(block: PointBlock, refuse: (reason: string) => void): PointBlock {
    const { series } = block
    const ids = new Uint32Array(block.length)
    this.#selection.begin(block.length)
    for (let i = 0; i < block.length; i++) {
      ids[i] = this.#ids.idOf(this.#slot, series.ids[i], this.#derive)
      if (ids[i] === UNKNOWN) refuse('tenant_series_limit')
      else if (ids[i] === NOT_DERIVED) refuse('tenant_attribute_limit')
      else this.#selection.add(i)
    }
    // One lease is as old as the other: the ids were found just now.
    return this.#selection.of({ ...block, series: series.with(ids) }) as PointBlock
  }

  /** {@link UNKNOWN} if there may be one later. */
  #idFrom({ metric, attributes, resource, scope }: Series): number {
    if (this.size >= this.#maxSeries) return UNKNOWN
    for (const part of [attributes, resource.attributes])
      if (typeof measureAttributes(part, this.#limits) === 'string') return NOT_DERIVED
    if (attributes.some(([key]) => looksLikeTenant(key))) return NOT_DERIVED
    return this.#table.idOf(metric, attributes, this.#resourceOf(resource), scope)
  }

  #resourceOf(resource: Resource): Resource {
    const known = this.#resources.get(resource)
    if (known !== undefined) return known
    const attributes = resource.attributes.filter(([key]) => !looksLikeTenant(key))
    const made = { ...resource, attributes: withAttributes(attributes, [[TENANT, this.#name]]) }
    this.#resources.set(resource, made)
    return made
  }
}
