import { keyBy } from '../../core/model/key-by.ts'
import { select } from '../../core/model/select.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import { sliceBlock } from '../../core/model/slice.ts'
import { type Block, blockBytes, NO_ATTRIBUTES } from '../../sdk/plugin/index.ts'

/** Items of a block that have a key in common. */
export interface Part {
  readonly key: string
  readonly block: Block
  readonly bytes: number
}

/** Splits blocks by the values of some attributes, and blocks that are too long. */
export class Parting {
  #by: readonly string[]
  #maxItems: number
  #keys: SeriesMemo<string>

  constructor(by: readonly string[], maxItems: number) {
    this.#by = by
    this.#maxItems = maxItems
    this.#keys = new SeriesMemo(({ metric, attributes, resource }) =>
      keyBy(by, metric.name, attributes, resource.attributes)
    )
  }

  /** In order, and the order within each is kept. */
  of(block: Block): Part[] {
    const parts: Part[] = []
    for (const [key, own] of this.#byKey(block)) {
      for (let from = 0; from < own.length; from += this.#maxItems) {
        const slice = sliceBlock(own, from, Math.min(own.length, from + this.#maxItems))
        parts.push({ key, block: slice, bytes: blockBytes(slice) })
      }
    }
    return parts
  }

  #byKey(block: Block): [key: string, block: Block][] {
    if (this.#by.length === 0) return [['', block]]
    const rows = new Map<string, number[]>()
    for (let i = 0; i < block.length; i++) {
      const key = this.#keyOf(block, i)
      const known = rows.get(key)
      if (known === undefined) rows.set(key, [i])
      else known.push(i)
    }
    return [...rows].map(([key, indexes]) => [key, rows.size === 1 ? block : select(block, Int32Array.from(indexes))])
  }

  #keyOf(block: Block, i: number): string {
    if (block.type === 'points') return this.#keys.get(block.series, i)
    return keyBy(this.#by, block.name[i], block.attributes[i], NO_ATTRIBUTES)
  }
}
