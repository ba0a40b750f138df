import type { Attributes } from './attributes.ts'
import { distributionBytes } from './distribution-bytes.ts'
import type { EventBlock } from './events.ts'
import type { PointBlock } from './points.ts'
import { attributesBytes } from './shared-bytes.ts'

/** The items of a batch. Immutable: branches of a fan-out share it. */
export type Block = PointBlock | EventBlock

// Columns of a point: three float64, one byte of flags, one reference; of an event the same and its strings' slots.
export const BYTES_PER_POINT = 33
const BYTES_PER_EVENT = 56

/**
 * Memory of the block's columns in bytes: its price in credits. Series are not counted: the sender of new series pays
 * for them.
 */
export function blockBytes(block: Block): number {
  if (block.type === 'events') return bytesOfEvents(block)
  let bytes = block.length * BYTES_PER_POINT
  for (const distribution of block.distributions.values()) bytes += distributionBytes(distribution)
  return bytes
}

/** Memory of one event, in bytes. Its texts are not interned: each event pays for its own. */
export const eventBytes = (name: string, id: string | undefined, attributes: Attributes) =>
  BYTES_PER_EVENT + name.length + (id?.length ?? 0) + attributesBytes(attributes)

/** Measured once, for blocks do not change. */
function bytesOfEvents(block: EventBlock): number {
  let bytes = measured.get(block)
  if (bytes !== undefined) return bytes
  bytes = 0
  for (let i = 0; i < block.length; i++) bytes += eventBytes(block.name[i], block.id[i], block.attributes[i])
  measured.set(block, bytes)
  return bytes
}

const measured = new WeakMap<EventBlock, number>()
