import type { Block } from './block.ts'
import type { EventBlock } from './events.ts'
import { type PointBlock, PointBlockBuilder } from './points.ts'

/** The items of `block` at `indexes`, in that order. */
export function select(block: Block, indexes: Int32Array): Block {
  return block.type === 'points' ? selectPoints(block, indexes) : selectEvents(block, indexes)
}

/** Rows that pass, one block after the other; it allocates once. */
export class Selection {
  #rows = new Int32Array(0)
  #length = 0

  /** Begins anew, for a block of `length` rows. */
  begin(length: number): void {
    if (this.#rows.length < length) this.#rows = new Int32Array(length)
    this.#length = 0
  }

  add(row: number): void {
    this.#rows[this.#length++] = row
  }

  get length(): number {
    return this.#length
  }

  /** The rows of `block` that were added; the block itself where all were. */
  of(block: Block): Block {
    return this.#length === block.length ? block : select(block, this.#rows.subarray(0, this.#length))
  }
}

function selectPoints(block: PointBlock, indexes: Int32Array): PointBlock {
  const points = new PointBlockBuilder(indexes.length)
  for (const i of indexes) points.copy(block, i)
  return points.build()
}

function selectEvents(block: EventBlock, indexes: Int32Array): EventBlock {
  const { length } = indexes
  const time = new Float64Array(length)
  const value = new Float64Array(length)
  const name: string[] = []
  const id: (string | undefined)[] = []
  const attributes: EventBlock['attributes'][number][] = []
  for (let at = 0; at < length; at++) {
    const i = indexes[at]
    time[at] = block.time[i]
    value[at] = block.value[i]
    name.push(block.name[i])
    id.push(block.id[i])
    attributes.push(block.attributes[i])
  }
  return { type: 'events', length, time, value, name, id, attributes }
}
