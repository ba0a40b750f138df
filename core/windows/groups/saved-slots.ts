import { unpackList } from '../../model/packed-list.ts'
import type { Metric, Resource, Scope } from '../../model/series.ts'
import type { SavedSeriesSlots, SeriesSlots } from '../../model/series-slots.ts'
import { readAttributes } from './value-codec.ts'

/** Identities as version 6 of the snapshot has them: parts that many share in pools, and values in a form of their own. */
interface IdentitiesOfVersion6 {
  readonly length: number
  readonly metrics: { readonly parts: Uint8Array }
  readonly resources: { readonly parts: Uint8Array }
  readonly scopes: { readonly parts: Uint8Array }
  readonly keys: { readonly parts: Uint8Array }
  /** Four numbers a slot, which index the pools. The first is less than 0 for a free slot. */
  readonly parts: Int32Array
  /** By slot: position of its values. */
  readonly at: Float64Array
  readonly values: Uint8Array
}

export type SavedSlots = SavedSeriesSlots | IdentitiesOfVersion6

/** Restores into new slots. */
export function restoreSlots(slots: SeriesSlots, saved: SavedSlots): void {
  if ('values' in saved) slots.restorePairs(saved.length, identities(slots, saved))
  else slots.restore(saved)
}

function* identities(
  { table }: SeriesSlots,
  { length, metrics, resources, scopes, keys, parts, at, values }: IdentitiesOfVersion6
): Generator<readonly [slot: number, id: number]> {
  const pools = {
    metrics: unpackList<Metric>(metrics.parts),
    resources: unpackList<Resource>(resources.parts),
    scopes: unpackList<Scope>(scopes.parts),
    keys: unpackList<readonly string[]>(keys.parts)
  }
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.length)
  for (let slot = 0; slot < length; slot++) {
    const [metric, resource, scope, names] = parts.subarray(slot * 4, slot * 4 + 4)
    if (metric < 0) continue
    const attributes = readAttributes(pools.keys[names], bytes, at[slot])
    yield [slot, table.idOf(pools.metrics[metric], attributes, pools.resources[resource], pools.scopes[scope])]
  }
}
