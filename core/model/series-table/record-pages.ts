import type { Stepwise } from '../stepwise.ts'
import {
  FOLLOWER,
  FREE,
  HEADER,
  IN_PAGE,
  LENGTH,
  NEXT,
  NO_RECORD,
  PAGE_BITS,
  PAGE_BYTES,
  PARENT,
  SPARE,
  wordsOf
} from './record-layout.ts'

const PAGE_WORDS = 2 ** PAGE_BITS
const MOST_PAGES = 2 ** (31 - PAGE_BITS)
const NO_PAGE = -1
/** A page in which less is used is not worth the work. */
const FEWEST_WORDS = 2 ** 16
const NO_WORDS = new Int32Array()
export const NO_VIEW = new DataView(NO_WORDS.buffer)

/** Memory of records, outside of the heap that the garbage collector visits. */
export class RecordPages {
  /** Empty for a page that was given back. */
  readonly pages: Int32Array[] = []
  readonly views: DataView[] = []
  /** Memory of all records, in bytes. */
  bytes = 0
  /** By page: its first word that never had a record. */
  readonly #ends: number[] = []
  /** By page: records in use. */
  readonly #inUse: number[] = []
  /** By page: words of free records. */
  readonly #freeWords: number[] = []
  /** By page, free records by their number of words. */
  readonly #free: Map<number, number>[] = []
  /** By number of words: pages that may have such a free record. */
  readonly #pagesWithFree = new Map<number, number[]>()
  /** Pages that were given back. */
  readonly #vacant: number[] = []
  /** The page that is being filled. */
  #page = NO_PAGE
  /** The page that is being emptied: its free records are not used again. */
  #draining = NO_PAGE

  constructor() {
    // The record that stands for none has a page of its own, so that every other page can be given back.
    this.#addPage(0, HEADER)
    this.pages[0][PARENT] = FREE
    this.#ends[0] = HEADER
    this.#inUse[0] = 1
    this.#fillNext()
  }

  /** Memory of records, in use and free, in bytes. */
  get reservedBytes(): number {
    return (this.pages.length - this.#vacant.length - 2) * PAGE_BYTES + this.#ends[this.#page] * 4
  }

  /** True if no more records can be named, by 31 bits. */
  get isFull(): boolean {
    return this.pages.length === MOST_PAGES && this.#vacant.length === 0
  }

  /** Memory of free records, for keys of their lengths alone, in bytes. */
  get freeBytes(): number {
    return this.reservedBytes - this.bytes
  }

  get(record: number, field: number): number {
    return this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field]
  }

  set(record: number, field: number, value: number): void {
    this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field] = value
  }

  isInUse(record: number): boolean {
    const parent: number | undefined = this.get(record, PARENT)
    return parent !== undefined && parent !== FREE
  }

  remove(record: number): void {
    const page = record >>> PAGE_BITS
    const size = wordsOf(this.get(record, LENGTH))
    this.set(record, PARENT, FREE)
    this.#inUse[page]--
    this.#freeWords[page] += size
    this.bytes -= size * 4
    if (page === this.#draining) return
    const next = this.#free[page].get(size) ?? NO_RECORD
    this.set(record, NEXT, next)
    this.#free[page].set(size, record)
    if (next === NO_RECORD) this.#pagesOf(size).push(page)
  }

  /** Gives back pages without a record in use. */
  *reclaim(): Stepwise<void> {
    const left = new Set<number>()
    for (const [page, inUse] of this.#inUse.entries()) {
      if (inUse > 0 || page === this.#page || this.pages[page] === NO_WORDS) continue
      this.pages[page] = NO_WORDS
      this.views[page] = NO_VIEW
      this.#free[page].clear()
      this.#freeWords[page] = 0
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

  /** Pages of whose used memory free records have at least a part. @param part from 0 to 1 */
  pagesWithHoles(part: number): number[] {
    return [...this.pages.keys()].filter(
      page => this.#freeWords[page] >= part * Math.max(this.#ends[page], FEWEST_WORDS)
    )
  }

  /**
   * The records of a page, free ones too; its caller moves the others elsewhere. What is free there is not used again meanwhile.
   * Others may add and remove records in between.
   */
  *drain(page: number): Generator<number, void> {
    if (this.isFull) return
    if (page === this.#page) this.#fillNext()
    this.#draining = page
    this.#free[page].clear()
    try {
      yield* this.#recordsOf(page)
    } finally {
      this.#draining = NO_PAGE
    }
  }

  /** Room for a record. One of its size that is free is replaced, so that no place is ever in the middle of a record. */
  protected place(size: number): number {
    return this.#use(this.#takeFree(size) || this.#takeNew(size), size)
  }

  /** Room behind the record that was placed so before it, if both are in one page. */
  protected placeNew(size: number): number {
    return this.#use(this.#takeNew(size), size)
  }

  #use(record: number, size: number): number {
    this.bytes += size * 4
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
        this.#freeWords[page] -= size
        return record
      }
      pages.pop()
    }
    return NO_RECORD
  }

  #takeNew(size: number): number {
    if (this.#ends[this.#page] + size > PAGE_WORDS) this.#fillNext()
    const record = this.#page * PAGE_WORDS + this.#ends[this.#page]
    this.#ends[this.#page] += size
    return record
  }

  #pagesOf(size: number): number[] {
    let pages = this.#pagesWithFree.get(size)
    if (pages === undefined) this.#pagesWithFree.set(size, (pages = []))
    return pages
  }

  #fillNext(): void {
    this.#page = this.#vacant.pop() ?? this.pages.length
    this.#addPage(this.#page, PAGE_WORDS)
  }

  #addPage(page: number, length: number): void {
    const words = new Int32Array(length + SPARE / 4)
    this.pages[page] = words
    this.views[page] = new DataView(words.buffer)
    this.#ends[page] = 0
    this.#inUse[page] = 0
    this.#freeWords[page] = 0
    this.#free[page] = new Map()
  }

  *#recordsOf(page: number): Generator<number, void> {
    const words = this.pages[page]
    for (let at = 0; at < this.#ends[page]; at += wordsOf(words[at + LENGTH])) yield page * PAGE_WORDS + at
  }

  /** Discards the followers of a page's records that are in other pages. */
  #discardFollowers(page: number, others: ReadonlySet<number>): void {
    const words = this.pages[page]
    if (words === NO_WORDS) return
    // Begins with the record that stands for none: it, too, has a follower.
    for (let at = 0; at < this.#ends[page]; at += wordsOf(words[at + LENGTH]))
      if (others.has(words[at + FOLLOWER] >>> PAGE_BITS)) words[at + FOLLOWER] = NO_RECORD
  }
}
