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
/** A key is in one page. */
export const LONGEST_KEY = 2 ** PAGE_BITS

/** The keys of a table as bytes, outside of the heap that the garbage collector visits. */
export class KeyRecords {
  readonly pages: Int32Array[] = []
  readonly views: DataView[] = []
  /** The first free word of each page. */
  readonly ends: number[] = []
  /** By number of words. */
  #free = new Map<number, number>()
  #bytes = 0

  constructor() {
    this.#addPage()
    this.ends[0] = HEADER
    this.pages[0][PARENT] = FREE
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Memory of all pages, in bytes. */
  get reservedBytes(): number {
    return this.pages.length * (IN_PAGE + 1) * 4
  }

  /** Memory that a key takes here, in bytes. */
  static bytesOf(keyLength: number): number {
    return wordsOf(keyLength) * 4
  }

  matches(record: number, parent: number, view: DataView, start: number, end: number): boolean {
    const words = this.pages[record >>> PAGE_BITS]
    let at = record & IN_PAGE
    if (words[at + PARENT] !== parent || words[at + LENGTH] !== end - start) return false
    at += HEADER
    let from = start
    for (; from + 4 <= end; from += 4) if (words[at++] !== view.getInt32(from, true)) return false
    return from === end || words[at] === lastWord(view, from, end)
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

  remove(record: number): void {
    const words = this.pages[record >>> PAGE_BITS]
    const at = record & IN_PAGE
    const size = wordsOf(words[at + LENGTH])
    words[at + PARENT] = FREE
    words[at + NEXT] = this.#free.get(size) ?? NO_RECORD
    this.#free.set(size, record)
    this.#bytes -= size * 4
  }

  get(record: number, field: number): number {
    return this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field]
  }

  set(record: number, field: number, value: number): void {
    this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field] = value
  }

  /** The words that a record takes, by the length of its key in bytes. */
  static wordsOf(keyLength: number): number {
    return wordsOf(keyLength)
  }

  /** Records of one size replace each other, so that no place is ever in the middle of a record. */
  #place(size: number): number {
    this.#bytes += size * 4
    const free = this.#free.get(size) ?? NO_RECORD
    if (free !== NO_RECORD) {
      this.#free.set(size, this.get(free, NEXT))
      return free
    }
    if (this.ends[this.pages.length - 1] + size > IN_PAGE + 1) this.#addPage()
    const page = this.pages.length - 1
    const at = this.ends[page]
    this.ends[page] += size
    return page * (IN_PAGE + 1) + at
  }

  #addPage(): void {
    const words = new Int32Array(IN_PAGE + 1)
    this.pages.push(words)
    this.views.push(new DataView(words.buffer))
    this.ends.push(0)
  }
}

const wordsOf = (keyLength: number) => HEADER + ((keyLength + 3) >>> 2)
