import { areEqual } from './equal-bytes.ts'
import type { IdColumn } from './id-column.ts'
import type { KeyBatch } from './key-batch.ts'
import { lastWord } from './key-hash.ts'
import {
  FOLLOWER,
  HEADER,
  ID,
  IN_PAGE,
  LENGTH,
  NEXT,
  NO_RECORD,
  PAGE_BITS,
  PARENT,
  SEEN,
  SPARE,
  wordsOf
} from './record-layout.ts'
import { RecordPages } from './record-pages.ts'

export interface KeyBytes {
  readonly view: DataView
  readonly start: number
  readonly end: number
}

/** The keys of a table as bytes. */
export class KeyRecords extends RecordPages {
  /** Keys that {@link follow} found last. */
  followed = 0

  /** Memory that a key takes here, in bytes. */
  static bytesOf(keyLength: number): number {
    return wordsOf(keyLength) * 4
  }

  matches(record: number, parent: number, view: DataView, start: number, end: number): boolean {
    const words = this.pages[record >>> PAGE_BITS]
    const at = record & IN_PAGE
    if (words[at + PARENT] !== parent || words[at + LENGTH] !== end - start) return false
    return areEqual(this.views[record >>> PAGE_BITS], (at + HEADER) * 4, view, start, end)
  }

  /**
   * Finds keys of a batch for as long as each is in the record that was found after the one before last time, and was
   * seen in `epoch`.
   * @param last the record found before them
   * @returns the record found last; their number is in `followed`
   */
  follow({ view, parents, starts, ends, ids, length }: KeyBatch, from: number, last: number, epoch: number): number {
    const { pages, views } = this
    let i = from
    let words = pages[last >>> PAGE_BITS]
    for (; i < length; i++) {
      const record = words[(last & IN_PAGE) + FOLLOWER]
      const at = record & IN_PAGE
      const page = record >>> PAGE_BITS
      words = pages[page]
      const start = starts[i]
      const end = ends[i]
      if (words[at + PARENT] !== parents[i] || words[at + LENGTH] !== end - start || words[at + SEEN] !== epoch) break
      if (!areEqual(views[page], (at + HEADER) * 4, view, start, end)) break
      ids[i] = words[at + ID]
      last = record
    }
    this.followed = i - from
    return last
  }

  add(parent: number, view: DataView, start: number, end: number): number {
    const record = this.place(wordsOf(end - start))
    const words = this.pages[record >>> PAGE_BITS]
    let at = record & IN_PAGE
    words[at + PARENT] = parent
    words[at + LENGTH] = end - start
    words[at + FOLLOWER] = words[at + NEXT] = NO_RECORD
    at += HEADER
    let from = start
    for (; from + 4 <= end; from += 4) words[at++] = view.getInt32(from, true)
    if (from < end) words[at] = lastWord(view, from, end)
    return record
  }

  /**
   * Copies keys, one behind the other, and up to {@link SPARE} bytes behind each that mean nothing.
   * @param recordOf by id: its record
   * @param ids those of the keys are from `from` to `to`; keys before them are there already
   * @param ends gets the end of each key
   * @returns how far there was room
   */
  copyKeys(recordOf: IdColumn, ids: Int32Array, from: number, to: number, into: DataView, ends: Int32Array): number {
    const { pages, views } = this
    const room = into.byteLength - SPARE
    let at = from === 0 ? 0 : ends[from - 1]
    for (let i = from; i < to; i++) {
      const record = recordOf.get(ids[i])
      const view = views[record >>> PAGE_BITS]
      const begin = ((record & IN_PAGE) + HEADER) * 4
      const length = pages[record >>> PAGE_BITS][(record & IN_PAGE) + LENGTH]
      if (at + length > room) return i
      // Most keys are no longer than that, and need no branch.
      into.setBigInt64(at, view.getBigInt64(begin, true), true)
      into.setBigInt64(at + 8, view.getBigInt64(begin + 8, true), true)
      into.setBigInt64(at + 16, view.getBigInt64(begin + 16, true), true)
      into.setBigInt64(at + 24, view.getBigInt64(begin + 24, true), true)
      for (let done = SPARE; done < length; done += 8)
        into.setBigInt64(at + done, view.getBigInt64(begin + done, true), true)
      at += length
      ends[i] = at
    }
    return to
  }

  /** A copy of a record that is in use, behind the one that was copied before it. */
  copy(record: number): number {
    const from = this.pages[record >>> PAGE_BITS]
    const at = record & IN_PAGE
    const size = wordsOf(from[at + LENGTH])
    const copy = this.placeNew(size)
    const to = this.pages[copy >>> PAGE_BITS]
    const place = copy & IN_PAGE
    for (let i = 0; i < size; i++) to[place + i] = from[at + i]
    // Its page may have been given back, and be used again while nobody looks for what names it.
    if (!this.isInUse(to[place + FOLLOWER])) to[place + FOLLOWER] = NO_RECORD
    return copy
  }
}
