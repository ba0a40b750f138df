import type { Block } from './block.ts'
import type { Distribution } from './distribution.ts'
import type { EventBlock } from './events.ts'
import type { PointBlock } from './points.ts'
import { SeriesColumn } from './series-table/series-column.ts'

/** One block of all items of `blocks`, in order. All must be of one type; one block comes back as it is. */
export function joinBlocks(blocks: readonly Block[]): Block {
  if (blocks.length === 1) return blocks[0]
  return blocks[0].type === 'points' ? joinPoints(blocks as PointBlock[]) : joinEvents(blocks as EventBlock[])
}

function joinPoints(blocks: readonly PointBlock[]): PointBlock {
  const length = total(blocks)
  const distributions = new Map<number, Distribution>()
  let offset = 0
  for (const block of blocks) {
    for (const [i, distribution] of block.distributions) distributions.set(offset + i, distribution)
    offset += block.length
  }
  return {
    type: 'points',
    length,
    series: SeriesColumn.join(blocks.map(block => block.series)),
    time: joinColumns(new Float64Array(length), blocks, block => block.time),
    start: joinColumns(new Float64Array(length), blocks, block => block.start),
    value: joinColumns(new Float64Array(length), blocks, block => block.value),
    flags: joinColumns(new Uint8Array(length), blocks, block => block.flags),
    distributions
  }
}

function joinEvents(blocks: readonly EventBlock[]): EventBlock {
  const length = total(blocks)
  return {
    type: 'events',
    length,
    time: joinColumns(new Float64Array(length), blocks, block => block.time),
    name: blocks.flatMap(block => block.name),
    id: blocks.flatMap(block => block.id),
    attributes: blocks.flatMap(block => block.attributes),
    value: joinColumns(new Float64Array(length), blocks, block => block.value)
  }
}

function joinColumns<B extends Block, T extends Float64Array | Uint8Array>(
  into: T,
  blocks: readonly B[],
  column: (block: B) => T
): T {
  let offset = 0
  for (const block of blocks) {
    into.set(column(block), offset)
    offset += block.length
  }
  return into
}

const total = (blocks: readonly Block[]) => blocks.reduce((sum, block) => sum + block.length, 0)
