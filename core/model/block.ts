import { distributionBytes } from './distribution-bytes.ts'
import type { EventBlock } from './events.ts'
import type { PointBlock } from './points.ts'

/** What a batch carries. Immutable: branches of a fan-out share it. */
export type Block = PointBlock | EventBlock

// Columns of a point: three float64, one byte of flags, one reference; of an event the same and its strings' slots.
export const BYTES_PER_POINT = 33
const BYTES_PER_EVENT = 56
const BYTES_PER_ATTRIBUTE = 56

/**
 * Memory the block's columns take, in bytes: what it costs in credits. Series are not counted: whoever brings in those that
 * nobody knew pays for them.
 */
export function blockBytes(block: Block): number {
  if (block.type === 'events') return eventBytes(block)
  let bytes = block.length * BYTES_PER_POINT
  for (const distribution of block.distributions.values()) bytes += distributionBytes(distribution)
  return bytes
}

/** Attributes of events are not interned: each event pays for its own. Measured once, for blocks do not change. */
function eventBytes(block: EventBlock): number {
  let bytes = measured.get(block)
  if (bytes !== undefined) return bytes
  bytes = block.length * BYTES_PER_EVENT
  for (const attributes of block.attributes)
    for (const [key, value] of attributes) {
      const length = typeof value === 'string' ? value.length : 0
      bytes += BYTES_PER_ATTRIBUTE + key.length + length
    }
  measured.set(block, bytes)
  return bytes
}

const measured = new WeakMap<EventBlock, number>()
