import { NAME } from '../../core/model/key-by.ts'
import type { ItemKind } from '../../core/model/matching/config.ts'
import { matchesGlob } from '../../core/model/matching/glob.ts'
import type { MatchedItem } from '../../core/model/matching/match.ts'
import {
  type Attribute,
  type Attributes,
  type AttributeValue,
  attributeText,
  findAttribute,
  sortAttributes,
  type Temporality,
  withAttributes
} from '../../sdk/plugin/index.ts'

/** Name and attributes of a series or an event while they are changed. */
export class Draft implements MatchedItem {
  name: string
  attributes: Attributes
  resource: Attributes
  readonly kind: ItemKind
  readonly temporality: Temporality

  constructor(name: string, kind: ItemKind, temporality: Temporality, attributes: Attributes, resource: Attributes) {
    this.name = name
    this.kind = kind
    this.temporality = temporality
    this.attributes = attributes
    this.resource = resource
  }

  /** An attribute as text, of the item or else of its resource; empty if it is missing. */
  text(key: string): string {
    if (key === NAME) return this.name
    return attributeText(findAttribute(this.attributes, key) ?? findAttribute(this.resource, key) ?? '')
  }

  /** An attribute of the item, or its name, which cannot become empty. */
  set(key: string, value: AttributeValue): void {
    if (key !== NAME) this.attributes = withAttributes(this.attributes, [[key, value]])
    else this.name = attributeText(value) || this.name
  }

  /** Attributes of the item and of its resource. */
  delete(isGone: (key: string) => boolean): void {
    this.attributes = without(this.attributes, isGone)
    this.resource = without(this.resource, isGone)
  }

  /** Changes attributes in place, of the item and of its resource. Undefined: as it was. */
  map(change: (key: string, value: AttributeValue) => Attribute | undefined): void {
    this.attributes = mapped(this.attributes, change)
    this.resource = mapped(this.resource, change)
  }

  /** Every attribute once, those of the item before those of its resource. */
  *all(): Generator<Attribute> {
    yield* this.attributes
    for (const attribute of this.resource)
      if (findAttribute(this.attributes, attribute[0]) === undefined) yield attribute
  }
}

/** True if a key matches one of `patterns`. */
export function isLikeOneOf(patterns: readonly string[]): (key: string) => boolean {
  return key => patterns.some(pattern => matchesGlob(pattern, key))
}

function without(attributes: Attributes, isGone: (key: string) => boolean): Attributes {
  const kept = attributes.filter(([key]) => !isGone(key))
  return kept.length === attributes.length ? attributes : kept
}

function mapped(
  attributes: Attributes,
  change: (key: string, value: AttributeValue) => Attribute | undefined
): Attributes {
  let isSame = true
  const changed = attributes.map(attribute => {
    const other = change(attribute[0], attribute[1])
    isSame &&= other === undefined
    return other ?? attribute
  })
  return isSame ? attributes : sortAttributes(changed)
}
