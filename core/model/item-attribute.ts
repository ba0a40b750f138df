import { type Attributes, attributeText, findAttribute } from './attributes.ts'
import type { Block } from './block.ts'
import { SeriesMemo } from './series-memo.ts'

/** Reads the value of an attribute: of the resource of an item, else of the item. */
export class ItemAttribute {
  readonly #name: string
  readonly #ofSeries: SeriesMemo<string>

  constructor(name: string) {
    this.#name = name
    this.#ofSeries = new SeriesMemo(
      ({ attributes, resource }) => this.#valueIn(resource.attributes) || this.#valueIn(attributes)
    )
  }

  /** As a text; empty if item `i` has none. */
  read(block: Block, i: number): string {
    return block.type === 'points' ? this.#ofSeries.get(block.series, i) : this.#valueIn(block.attributes[i])
  }

  #valueIn(attributes: Attributes): string {
    return attributeText(findAttribute(attributes, this.#name) ?? '')
  }
}
