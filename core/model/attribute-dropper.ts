import { type Attributes, NO_ATTRIBUTES } from './attributes.ts'
import type { Block } from './block.ts'
import { DerivedSeries } from './derived-series.ts'
import type { EventBlock } from './events.ts'
import type { NamedSeries } from './named-series.ts'
import type { PointBlock } from './points.ts'
import type { Resource } from './series.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'

/** Drops attributes of points and their resources, and of events. */
export class AttributeDropper {
  #series: SeriesTable
  #names: readonly string[]
  #applies: (attributes: Attributes, resource: Attributes) => boolean
  #dropped: DerivedSeries
  // One object for each resource, so that its key is worked out once.
  #resources = new WeakMap<Resource, Resource>()

  /**
   * @param applies tells by the attributes of an item and its resource if they are dropped; other items stay as they
   * are
   */
  constructor(
    series: SeriesTable,
    names: readonly string[],
    applies: (attributes: Attributes, resource: Attributes) => boolean = () => true
  ) {
    this.#series = series
    this.#names = names
    this.#applies = applies
    this.#dropped = new DerivedSeries(one => this.#dropAttributes(one))
  }

  block(block: Block): Block {
    return block.type === 'points' ? this.#points(block) : this.#events(block)
  }

  /** The series that is left of one, or the series itself. */
  named(series: NamedSeries): NamedSeries {
    const { attributes, resource } = series
    if (!this.#applies(attributes, resource) || !(this.#has(attributes) || this.#has(resource))) return series
    return { ...series, attributes: this.#without(attributes), resource: this.#without(resource) }
  }

  #points(block: PointBlock): PointBlock {
    const { series } = block
    const ids = new Uint32Array(block.length)
    let isSame = true
    for (let i = 0; i < block.length; i++) {
      ids[i] = this.#dropped.idOf(series, i)
      isSame &&= ids[i] === series.ids[i]
    }
    return isSame ? block : { ...block, series: series.with(ids) }
  }

  #events(block: EventBlock): EventBlock {
    const attributes: Attributes[] = []
    let isSame = true
    for (const one of block.attributes) {
      const dropped = this.#applies(one, NO_ATTRIBUTES) ? this.#without(one) : one
      isSame &&= dropped === one
      attributes.push(dropped)
    }
    return isSame ? block : { ...block, attributes }
  }

  #dropAttributes(series: Series): number {
    const { metric, scope } = series
    if (!this.#applies(series.attributes, series.resource.attributes)) return series.id
    const attributes = this.#without(series.attributes)
    const resource = this.#resource(series.resource)
    if (attributes === series.attributes && resource === series.resource) return series.id
    return this.#series.idOf(metric, attributes, resource, scope)
  }

  #resource(resource: Resource): Resource {
    if (!this.#has(resource.attributes)) return resource
    const known = this.#resources.get(resource)
    if (known !== undefined) return known
    const dropped = { ...resource, attributes: this.#without(resource.attributes) }
    this.#resources.set(resource, dropped)
    return dropped
  }

  #without(attributes: Attributes): Attributes {
    return this.#has(attributes) ? attributes.filter(([name]) => !this.#names.includes(name)) : attributes
  }

  #has(attributes: Attributes): boolean {
    for (const [name] of attributes) if (this.#names.includes(name)) return true
    return false
  }
}
