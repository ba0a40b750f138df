import {
  type Attribute,
  type Attributes,
  attributeText,
  findAttribute,
  sortAttributes
} from '../../model/attributes.ts'
import { NO_RESOURCE, NO_SCOPE, type Resource, type Scope } from '../../model/series.ts'
import { TENANT } from '../../model/tenant.ts'

/** The rest of an identity without the attributes that are summed over. */
export interface Kept {
  readonly attributes: Attributes
  readonly resource: Resource
  readonly scope: Scope
}

/** Chooses the attributes that tell groups apart. */
export class Grouping {
  #by: readonly string[] | undefined
  #without: ReadonlySet<string>
  #resources = new WeakMap<Resource, Resource>()

  /**
   * @param by attributes to keep besides the tenant, of the point or else of its resource; undefined: all
   * @param without attributes to sum over, if `by` is undefined
   */
  constructor(by: readonly string[] | undefined, without: readonly string[]) {
    this.#by = by === undefined ? undefined : [...new Set([...by, TENANT])]
    this.#without = new Set(without)
  }

  /** True if all attributes tell groups apart. */
  get keepsAll(): boolean {
    return this.#by === undefined && this.#without.size === 0
  }

  kept(attributes: Attributes, resource: Resource, scope: Scope): Kept {
    if (this.#by !== undefined)
      return { attributes: pick(this.#by, attributes, resource), resource: NO_RESOURCE, scope: NO_SCOPE }
    if (this.#without.size === 0) return { attributes, resource, scope }
    return { attributes: this.#leaveOut(attributes), resource: this.#resourceOf(resource), scope }
  }

  #leaveOut(attributes: Attributes): Attributes {
    const left = attributes.filter(([key]) => !this.#without.has(key))
    return left.length === attributes.length ? attributes : left
  }

  #resourceOf(resource: Resource): Resource {
    const known = this.#resources.get(resource)
    if (known !== undefined) return known
    const left = { ...resource, attributes: this.#leaveOut(resource.attributes) }
    this.#resources.set(resource, left)
    return left
  }
}

function pick(by: readonly string[], attributes: Attributes, resource: Resource): Attributes {
  const picked: Attribute[] = []
  for (const key of by) {
    const value = findAttribute(attributes, key) ?? findAttribute(resource.attributes, key)
    if (value !== undefined) picked.push([key, value])
  }
  return sortAttributes(asTexts(picked))
}

/**
 * Stores know texts alone, and an empty one is as none. Groups of `200` and `"200"`, as two senders may write a status, would
 * be one series there, of which only one value is kept.
 */
export function asTexts(attributes: Attributes): Attributes {
  if (attributes.every(([, value]) => typeof value === 'string' && value !== '')) return attributes
  return attributes.map(([key, value]): Attribute => [key, attributeText(value)]).filter(([, text]) => text !== '')
}
