// A record, in words of 32 bits:
//
//   0 parent     FREE in a record that is free
//   1 length     of the key, in bytes
//   2 follower   the record that was found after this one last time
//   3 id
//   4 next       another record with the same id; of a free record the next free one of its size
//   5 seen       the epoch in which it was found last; an id's first record counts for all
//   6 …          the key's bytes; those behind its end are zero
//
// Records are in pages of 4 MiB and never move. A record is named by its page and its first word there, in 32 bits.

import type { Stepwise } from '../stepwise.ts'
import { areEqual } from './equal-bytes.ts'
import type { IdColumn } from './id-column.ts'
import type { KeyBatch } from './key-batch.ts'
import { lastWord } from './key-hash.ts'

export const PARENT = 0
export const LENGTH = 1
export const FOLLOWER = 2
export const ID = 3
export const NEXT = 4
export const SEEN = 5
export const HEADER = 6

export const PAGE_BITS = 20
export const IN_PAGE = 2 ** PAGE_BITS - 1
/** No record: the one of that name is always free. */
export const NO_RECORD = 0
/** No parent is this, so that a free record matches no key. */
export const FREE = -1

/** A record is in one page. */
export const PAGE_BYTES = 4 * 2 ** PAGE_BITS
/** Bytes behind each page, so that keys can be copied without a look at their lengths. */
export const SPARE = 32
const MOST_PAGES = 2 ** (31 - PAGE_BITS)
const NO_WORDS = new Int32Array()
export const NO_VIEW = new DataView(NO_WORDS.buffer)

export interface KeyBytes {
  readonly view: DataView
  readonly start: number
  readonly end: number
}

/** The keys of a table as bytes, outside of the heap that the garbage collector visits. */
export class KeyRecords {
  /** Empty for a page that was given back. */
  readonly pages: Int32Array[] = []
  readonly views: DataView[] = []
  /** Memory of all records, in bytes. */
  bytes = 0
  /** Keys that {@link follow} found last. */
  followed = 0
  /** By page: records in use. */
  readonly #inUse: number[] = []
  /** By page, free records by their number of words. */
  readonly #free: Map<number, number>[] = []
  /** By number of words: pages that may have such a free record. */
  readonly #pagesWithFree = new Map<number, number[]>()
  /** Pages that were given back. */
  readonly #vacant: number[] = []
  /** The page that is being filled, and its first free word. */
  #page = 0
  #end = HEADER

  constructor() {
    this.#fillNext()
    this.#end = HEADER
    this.pages[0][PARENT] = FREE
    // It has the record that stands for none.
    this.#inUse[0] = 1
  }

  /** Memory of records, in use and free, in bytes. */
  get reservedBytes(): number {
    return (this.pages.length - this.#vacant.length - 1) * PAGE_BYTES + this.#end * 4
  }

  /** True if no more records can be named, by 31 bits. */
  get isFull(): boolean {
    return this.pages.length === MOST_PAGES && this.#vacant.length === 0
  }

  /** Memory of free records, for keys of their lengths alone, in bytes. */
  get freeBytes(): number {
    return this.reservedBytes - this.bytes
  }

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
    const record = this.#place(wordsOf(end - start))
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

  remove(record: number): void {
    const page = record >>> PAGE_BITS
    const words = this.pages[page]
    const at = record & IN_PAGE
    const size = wordsOf(words[at + LENGTH])
    const next = this.#free[page].get(size) ?? NO_RECORD
    words[at + PARENT] = FREE
    words[at + NEXT] = next
    this.#free[page].set(size, record)
    if (next === NO_RECORD) this.#pagesOf(size).push(page)
    this.#inUse[page]--
    this.bytes -= size * 4
  }

  /** Gives back pages without a record in use. */
  *reclaim(): Stepwise<void> {
    const left = new Set<number>()
    for (const [page, inUse] of this.#inUse.entries()) {
      if (inUse > 0 || page === this.#page || this.pages[page] === NO_WORDS) continue
      this.pages[page] = NO_WORDS
      this.views[page] = NO_VIEW
      this.#free[page].clear()
      left.add(page)
    }
    if (left.size === 0) return
    // Once such a page is filled again, what is named may be in the middle of a key.
    for (let page = 0; page < this.pages.length; page++) {
      this.#discardFollowers(page, left)
      yield
    }
    this.#vacant.push(...left)
  }

  /** Discards the followers of a page's records that are in other pages. Words that are not used yet look like empty keys. */
  #discardFollowers(page: number, others: ReadonlySet<number>): void {
    const words = this.pages[page]
    const end = page === this.#page ? this.#end : words.length - SPARE / 4
    // Begins with the record that stands for none: it, too, has a follower.
    let at = 0
    while (at + HEADER <= end) {
      if (others.has(words[at + FOLLOWER] >>> PAGE_BITS)) words[at + FOLLOWER] = NO_RECORD
      at += wordsOf(words[at + LENGTH])
    }
  }

  get(record: number, field: number): number {
    return this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field]
  }

  set(record: number, field: number, value: number): void {
    this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field] = value
  }

  /** Records of one size replace each other, so that no place is ever in the middle of a record. */
  #place(size: number): number {
    this.bytes += size * 4
    const record = this.#takeFree(size) || this.#takeNew(size)
    this.#inUse[record >>> PAGE_BITS]++
    return record
  }

  /** {@link NO_RECORD} if none of that size is free. */
  #takeFree(size: number): number {
    const pages = this.#pagesOf(size)
    for (let page = pages.at(-1); page !== undefined; page = pages.at(-1)) {
      const record = this.#free[page].get(size) ?? NO_RECORD
      if (record !== NO_RECORD) {
        this.#free[page].set(size, this.get(record, NEXT))
        return record
      }
      pages.pop()
    }
    return NO_RECORD
  }

  #takeNew(size: number): number {
    if (this.#end + size > IN_PAGE + 1) this.#fillNext()
    const record = this.#page * (IN_PAGE + 1) + this.#end
    this.#end += size
    return record
  }

  #pagesOf(size: number): number[] {
    let pages = this.#pagesWithFree.get(size)
    if (pages === undefined) this.#pagesWithFree.set(size, (pages = []))
    return pages
  }

  #fillNext(): void {
    const page = this.#vacant.pop() ?? this.pages.length
    const words = new Int32Array(IN_PAGE + 1 + SPARE / 4)
    this.pages[page] = words
    this.views[page] = new DataView(words.buffer)
    this.#inUse[page] = 0
    this.#free[page] = new Map()
    this.#page = page
    this.#end = 0
  }
}

const wordsOf = (keyLength: number) => HEADER + ((keyLength + 3) >>> 2)
