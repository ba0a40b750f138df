import type { Distribution } from './distribution.ts'
import type { EventBlock } from './events.ts'
import type { PointBlock } from './points.ts'
import { savedBytes } from './sketch/distinct-counter.ts'

/** What a batch carries. Immutable: branches of a fan-out share it. */
export type Block = PointBlock | EventBlock

// Columns of a point: three float64, one byte of flags, one reference; of an event the same and its strings' slots.
const BYTES_PER_POINT = 33
const BYTES_PER_EVENT = 56
const BYTES_PER_DISTRIBUTION = 256

/** Memory the block's columns take, in bytes: what it costs in credits. Interned series are not counted. */
export function blockBytes(block: Block): number {
  if (block.type === 'events') return block.length * BYTES_PER_EVENT
  return pointBytes(block.length, block.distributions.size) + sketchBytes(block.distributions)
}

export const pointBytes = (points: number, distributions: number) =>
  points * BYTES_PER_POINT + distributions * BYTES_PER_DISTRIBUTION

// Up to 16 KiB each, so they are counted one by one.
function sketchBytes(distributions: ReadonlyMap<number, Distribution>): number {
  let bytes = 0
  for (const distribution of distributions.values())
    if (distribution.kind === 'distinct') bytes += savedBytes(distribution.state)
  return bytes
}
