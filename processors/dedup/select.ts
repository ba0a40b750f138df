import type { Block, EventBlock, PointBlock } from '../../sdk/plugin/index.ts'
import { PointBlockBuilder } from '../../sdk/plugin/index.ts'

/** The items of `block` at `indexes`, in that order. */
export function select(block: Block, indexes: Int32Array): Block {
  return block.type === 'points' ? selectPoints(block, indexes) : selectEvents(block, indexes)
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
