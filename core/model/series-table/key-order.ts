import type { Stepwise } from '../stepwise.ts'
import type { KeyBatch } from './key-batch.ts'
import type { KeyStore } from './key-store.ts'
import { FOLLOWER, ID } from './record-layout.ts'

/** Moved at once, in a millisecond. */
const MOST_MOVED = 2048
/** Of larger records fewer are moved at once. */
const MOST_WORDS = 2 ** 16
/** For fewer it is not worth the look. */
const FEWEST_MOVED = 32
/** Records are moved if of so many that follow each other one is not near the one before. */
const NEAR_PER_JUMP = 4
/** Words between two records that are near: the processor fetches the second one by itself. */
const NEAR_WORDS = 64
/** None is moved while free records have more than this part of the memory of the others. */
const MOST_FREE = 1 / 4
/** Pages of which free records have this part are emptied. */
const HOLES = 1 / 8
/** Words of records that are looked at, and moved unless they are free. */
const WORDS_PER_STEP = 2048
/** Emptied before they are given back: so much memory is needed beside that of all records. */
const PAGES_AT_ONCE = 8

/**
 * Brings records into the order in which they are found. Series come into being in any order, and are found in another one ever
 * after, such as that of a process that exports them. A record at any place costs several times as much as the next one.
 */
export class KeyOrder {
  readonly #store: KeyStore
  readonly #found = new Int32Array(MOST_MOVED)

  constructor(store: KeyStore) {
    this.#store = store
  }

  /**
   * Moves the first records of a batch together, if they are far from each other.
   * @param before the record found before them
   * @param batch it was found just now, in the order of last time
   */
  bringTogether(before: number, { ids, length }: KeyBatch): void {
    const { records } = this.#store
    if (records.isFull || records.freeBytes > records.bytes * MOST_FREE) return
    let last = before
    let jumps = 0
    let found = 0
    for (let words = 0; found < Math.min(length, MOST_MOVED) && words < MOST_WORDS; found++) {
      const record = records.get(last, FOLLOWER)
      // A key that is several times in a batch has the follower of its last time.
      if (!records.isInUse(record) || records.get(record, ID) !== ids[found]) break
      if (!this.#isNear(last, record)) jumps++
      words += records.sizeOf(record)
      this.#found[found] = last = record
    }
    if (found >= FEWEST_MOVED && jumps * NEAR_PER_JUMP > found) this.#moveAll(this.#found.subarray(0, found), before)
  }

  /** Gives back pages without a record in use, and first empties those of which free records have much. */
  *reclaim(): Stepwise<void> {
    const { records } = this.#store
    const pages = records.pagesWithHoles(HOLES)
    do {
      yield* this.#empty(pages.splice(0, PAGES_AT_ONCE))
      yield* records.reclaim()
    } while (pages.length > 0)
  }

  *#empty(pages: readonly number[]): Stepwise<void> {
    const { records } = this.#store
    let last = 0
    let words = 0
    for (const page of pages)
      for (const record of records.drain(page)) {
        if (records.isFull) return
        if (records.isInUse(record)) last = this.#move(record, last)
        words += records.sizeOf(record)
        if (words < WORDS_PER_STEP) continue
        words = 0
        yield
      }
  }

  #moveAll(found: Int32Array, before: number): void {
    const { records } = this.#store
    let last = before
    for (const record of found) {
      if (records.isFull) return
      // A key that is twice in a batch has been moved the second time.
      if (records.isInUse(record)) last = this.#move(record, last)
    }
  }

  /** @param before the record that it may be expected behind */
  #move(record: number, before: number): number {
    const { records } = this.#store
    const moved = this.#store.move(record)
    if (records.get(before, FOLLOWER) === record) records.set(before, FOLLOWER, moved)
    return moved
  }

  #isNear(record: number, next: number): boolean {
    const between = next - record - this.#store.records.sizeOf(record)
    return between >= 0 && between <= NEAR_WORDS
  }
}
