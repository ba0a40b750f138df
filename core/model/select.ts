import type { Block } from './block.ts'
import type { Distribution } from './distribution.ts'
import type { EventBlock } from './events.ts'
import type { PointBlock } from './points.ts'

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

  /** The rows of `block` that were added; the block itself if all were. */
  of(block: Block): Block {
    return this.#length === block.length ? block : select(block, this.#rows.subarray(0, this.#length))
  }
}

function selectPoints(block: PointBlock, indexes: Int32Array): PointBlock {
  const { length } = indexes
  const ids = new Uint32Array(length)
  const time = new Float64Array(length)
  const start = new Float64Array(length)
  const value = new Float64Array(length)
  const flags = new Uint8Array(length)
  for (let at = 0; at < length; at++) {
    const i = indexes[at]
    ids[at] = block.series.ids[i]
    time[at] = block.time[i]
    start[at] = block.start[i]
    value[at] = block.value[i]
    flags[at] = block.flags[i]
  }
  return {
    type: 'points',
    length,
    series: block.series.with(ids),
    time,
    start,
    value,
    flags,
    distributions: selectDistributions(block, indexes)
  }
}

function selectDistributions({ distributions }: PointBlock, indexes: Int32Array): ReadonlyMap<number, Distribution> {
  if (distributions.size === 0) return distributions
  const selected = new Map<number, Distribution>()
  for (let at = 0; at < indexes.length; at++) {
    const distribution = distributions.get(indexes[at])
    if (distribution !== undefined) selected.set(at, distribution)
  }
  return selected
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
