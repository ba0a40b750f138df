import type { KeyBatch } from './key-batch.ts'
import { firstSlot, nextSlot } from './key-slots.ts'
import type { KeyStore } from './key-store.ts'
import { HEADER, IN_PAGE, NO_RECORD, PAGE_BITS } from './record-layout.ts'

/** Keys looked up at once: all that they touch, some 250 bytes each, fits into the cache of a core. */
export const LOOKED_UP_AT_ONCE = 2048

/**
 * Tells where keys of a batch may be, step by step for all of them: so the processor fetches many cache lines at a time. It
 * looks some hundred instructions ahead, so loops are as small as can be.
 */
export class Candidates {
  /** By place in the range that was looked at. */
  readonly hashes = new Int32Array(LOOKED_UP_AT_ONCE)
  /** The first record that has the hash, by the same place. */
  readonly records = new Int32Array(LOOKED_UP_AT_ONCE)
  readonly #store: KeyStore
  /** Kept, so that reads that only bring memory near are not left out. */
  #touched = 0

  constructor(store: KeyStore) {
    this.#store = store
  }

  /** Looks at the keys from `from` to `to`, and brings their records near. */
  find(batch: KeyBatch, from: number, to: number): void {
    this.hash(batch, from, to)
    const count = to - from
    this.#findRecords(count)
    this.#touchRecords(batch, from, count)
  }

  /** Hashes the keys from `from` to `to`, and brings their slots near. */
  hash({ view, parents, starts, ends }: KeyBatch, from: number, to: number): void {
    const { hashes } = this
    const { hash, secrets, slots } = this.#store
    for (let i = from; i < to; i++) hashes[i - from] = hash(secrets, parents[i], view, starts[i], ends[i])
    let touched = 0
    for (let i = 0; i < to - from; i++) {
      const shard = slots.shardOf(hashes[i])
      touched ^= shard[firstSlot(shard, hashes[i])]
    }
    this.#touched ^= touched
  }

  #findRecords(count: number): void {
    const { hashes, records } = this
    const { slots: allSlots } = this.#store
    for (let i = 0; i < count; i++) {
      const hash = hashes[i]
      const slots = allSlots.shardOf(hash)
      let at = firstSlot(slots, hash)
      while (slots[at + 1] !== NO_RECORD && slots[at] !== hash) at = nextSlot(slots, at)
      records[i] = slots[at + 1]
    }
  }

  #touchRecords({ starts, ends }: KeyBatch, from: number, count: number): void {
    const { records } = this
    const { pages } = this.#store.records
    let touched = 0
    for (let i = 0; i < count; i++) {
      const record = records[i]
      const words = pages[record >>> PAGE_BITS]
      const at = record & IN_PAGE
      const last = HEADER + ((ends[from + i] - starts[from + i]) >>> 2)
      touched ^= words[at] ^ words[(at + (last >>> 1)) & IN_PAGE] ^ words[(at + last) & IN_PAGE]
    }
    this.#touched ^= touched
  }
}
