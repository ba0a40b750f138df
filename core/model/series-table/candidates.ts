import type { KeyBatch } from './key-batch.ts'
import type { KeyHash, Secrets } from './key-hash.ts'
import { HEADER, IN_PAGE, type KeyRecords, NO_RECORD, PAGE_BITS } from './key-records.ts'
import { firstSlot, type KeySlots, nextSlot } from './key-slots.ts'

/** Keys looked up at once: all that they touch, some 250 bytes each, fits into the cache of a core. */
export const LOOKED_UP_AT_ONCE = 2048

/** Tells where keys of a batch may be, step by step for all of them: so the processor fetches many cache lines at a time. */
export class Candidates {
  /** By place in the range that was looked at. */
  readonly hashes = new Int32Array(LOOKED_UP_AT_ONCE)
  /** The first record that has the hash, by the same place. */
  readonly records = new Int32Array(LOOKED_UP_AT_ONCE)
  readonly #slots: KeySlots
  readonly #stored: KeyRecords
  readonly #secrets: Secrets
  readonly #hash: KeyHash
  /** Kept, so that reads that only bring memory near are not left out. */
  #touched = 0

  constructor(slots: KeySlots, stored: KeyRecords, secrets: Secrets, hash: KeyHash) {
    this.#slots = slots
    this.#stored = stored
    this.#secrets = secrets
    this.#hash = hash
  }

  /** Looks at the keys from `from` to `to`, and brings their records near. */
  find({ view, parents, starts, ends }: KeyBatch, from: number, to: number): void {
    const { hashes, records } = this
    const { shards } = this.#slots
    const { pages } = this.#stored
    let touched = 0
    for (let i = from; i < to; i++) {
      const hash = this.#hash(this.#secrets, parents[i], view, starts[i], ends[i])
      hashes[i - from] = hash
      const slots = shards[hash >>> 24]
      touched ^= slots[firstSlot(slots, hash)]
    }
    for (let i = from; i < to; i++) {
      const hash = hashes[i - from]
      const slots = shards[hash >>> 24]
      let at = firstSlot(slots, hash)
      while (slots[at + 1] !== NO_RECORD && slots[at] !== hash) at = nextSlot(slots, at)
      records[i - from] = slots[at + 1]
    }
    for (let i = from; i < to; i++) {
      const record = records[i - from]
      const words = pages[record >>> PAGE_BITS]
      const at = record & IN_PAGE
      const last = HEADER + ((ends[i] - starts[i]) >>> 2)
      touched ^= words[at] ^ words[(at + (last >>> 1)) & IN_PAGE] ^ words[(at + last) & IN_PAGE]
    }
    this.#touched ^= touched
  }
}
