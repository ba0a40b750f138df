import { KeyBatch } from '../../../../core/model/series-table/key-batch.ts'
import { type KeyTable, UNKNOWN } from '../../../../core/model/series-table/key-table.ts'

/** A parent and bytes. */
export type Key = readonly [parent: number, key: string]

/** Keys side by side, as in a body, with bytes before and behind. */
export function batchOf(keys: readonly Key[]): KeyBatch {
  const bytes = Buffer.from(`##${keys.map(([, key]) => key).join('')}#`, 'latin1')
  const batch = new KeyBatch()
  batch.begin(new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
  let at = 2
  for (const [parent, key] of keys) batch.add(parent, at, (at += key.length))
  return batch
}

export function findKey(table: KeyTable, parent: number, key: string): number {
  const { view, starts, ends } = batchOf([[parent, key]])
  return table.find(parent, view, starts[0], ends[0])
}

export function addKey(table: KeyTable, parent: number, key: string, id?: number): number {
  const { view, starts, ends } = batchOf([[parent, key]])
  return table.add(parent, view, starts[0], ends[0], id)
}

/** The ids of keys, found together. Those that are not in the table are added, as a receiver does it. */
export function resolve(table: KeyTable, keys: readonly Key[]): number[] {
  const batch = batchOf(keys)
  table.findAll(batch)
  return keys.map(([parent], i) => {
    const { view, starts, ends } = batch
    let id = batch.ids[i]
    if (id === UNKNOWN) id = table.find(parent, view, starts[i], ends[i])
    if (id === UNKNOWN) id = table.add(parent, view, starts[i], ends[i])
    return id
  })
}

/** The first key of an id, as `parent/key`. */
export function keyAt(table: KeyTable, id: number): string {
  const { parent, view, start, end } = table.keyOf(id)
  return `${parent}/${Buffer.from(view.buffer, start, end - start).toString('latin1')}`
}
