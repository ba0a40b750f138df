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
  /** By number of words: the pages that have such a free record. */
  readonly #pagesWithFree = new Map<number, number[]>()
  /** Pages that were given back. */
  readonly #vacant = new Set<number>()
  /** Pages that are being emptied, or were, and are not given back yet. Their free records are not used again. */
  readonly #drained = new Set<number>()
  /** The page that is being filled. */
  #page = 0

  constructor() {
    // The record that stands for none has a page of its own, so that every other page can be given back.
    this.#addPage(0, HEADER)
    this.pages[0][PARENT] = FREE
    this.#ends[0] = HEADER
    this.#inUse[0] = 1
    this.#fillNext()
  }

  /** Memory of records, in use and free, in bytes. Pages that are about to be given back do not count. */
  get reservedBytes(): number {
    const filled = this.pages.length - this.#vacant.size - this.#drained.size - 2
    return filled * PAGE_BYTES + this.#ends[this.#page] * 4
  }

  /** True if no more records can be named, by 31 bits. */
  get isFull(): boolean {
    return this.pages.length === MOST_PAGES && this.#vacant.size === 0
  }

  /** Memory of free records, for keys of their lengths alone, in bytes. */
  get freeBytes(): number {
    // Of a page that is being emptied records still count, and the page does not.
    return Math.max(0, this.reservedBytes - this.bytes)
  }

  get(record: number, field: number): number {
    return this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field]
  }

  set(record: number, field: number, value: number): void {
    this.pages[record >>> PAGE_BITS][(record & IN_PAGE) + field] = value
  }

  /** Its words. */
  sizeOf(record: number): number {
    return wordsOf(this.get(record, LENGTH))
  }

  isInUse(record: number): boolean {
    const parent: number | undefined = this.get(record, PARENT)
    return parent !== undefined && parent !== FREE
  }

  remove(record: number): void {
    const page = record >>> PAGE_BITS
    const size = this.sizeOf(record)
    this.set(record, PARENT, FREE)
    this.#inUse[page]--
    this.#freeWords[page] += size
    this.bytes -= size * 4
    if (this.#drained.has(page)) return
    const next = this.#free[page].get(size) ?? NO_RECORD
    this.set(record, NEXT, next)
    this.#free[page].set(size, record)
    if (next === NO_RECORD) this.#list(page, size)
  }

  /** Gives back pages without a record in use. */
  *reclaim(): Stepwise<void> {
    const left = new Set<number>()
    for (const [page, inUse] of this.#inUse.entries()) {
      // It may be of an earlier time, when this was not done to its end.
      if (inUse > 0 || page === this.#page || this.#vacant.has(page)) continue
      this.pages[page] = NO_WORDS
      this.views[page] = NO_VIEW
      this.#unlist(page)
      this.#freeWords[page] = this.#ends[page] = 0
      left.add(page)
    }
    if (left.size === 0) return
    // Once such a page is filled again, what is named may be in the middle of a key.
    for (let page = 0; page < this.pages.length; page++) {
      this.#discardFollowers(page, left)
      yield
    }
    for (const page of left) {
      this.#vacant.add(page)
      this.#drained.delete(page)
    }
  }

  /** Pages of whose used memory free records have at least a part, but not all. @param part from 0 to 1 */
  pagesWithHoles(part: number): number[] {
    const has = (page: number) => this.#freeWords[page] >= part * Math.max(this.#ends[page], FEWEST_WORDS)
    const pages = [...this.pages.keys()].filter(page => this.#inUse[page] > 0 && has(page))
    // Were it not the first one, it would get the records of others.
    return pages.sort((a, b) => Number(b === this.#page) - Number(a === this.#page))
  }

  /**
   * The records of a page, free ones too; its caller moves the others elsewhere, before it gives the page back. What is free there
   * is not used again. Others may add and remove records in between.
   */
  *drain(page: number): Generator<number, void> {
    // It may have become empty, and been given back.
    if (this.isFull || this.#inUse[page] === 0) return
    if (page === this.#page) this.#fillNext()
    this.#drained.add(page)
    this.#unlist(page)
    const words = this.pages[page]
    for (let at = 0; at < this.#ends[page]; at += wordsOf(words[at + LENGTH])) yield page * PAGE_WORDS + at
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
    const pages = this.#pagesWithFree.get(size)
    if (pages === undefined) return NO_RECORD
    const page = pages.at(-1)!
    const record = this.#free[page].get(size)!
    const next = this.get(record, NEXT)
    if (next === NO_RECORD) this.#unlistSize(page, size)
    else this.#free[page].set(size, next)
    this.#freeWords[page] -= size
    return record
  }

  #takeNew(size: number): number {
    if (this.#ends[this.#page] + size > PAGE_WORDS) this.#fillNext()
    const record = this.#page * PAGE_WORDS + this.#ends[this.#page]
    this.#ends[this.#page] += size
    return record
  }

  /** The page has a free record of this size now. */
  #list(page: number, size: number): void {
    const pages = this.#pagesWithFree.get(size)
    if (pages === undefined) this.#pagesWithFree.set(size, [page])
    else pages.push(page)
  }

  /** It has none any more. */
  #unlistSize(page: number, size: number): void {
    this.#free[page].delete(size)
    const pages = this.#pagesWithFree.get(size)!
    if (pages.length === 1) this.#pagesWithFree.delete(size)
    else pages.splice(pages.lastIndexOf(page), 1)
  }

  /** Free records of the page are not used again. */
  #unlist(page: number): void {
    for (const size of this.#free[page].keys()) this.#unlistSize(page, size)
  }

  #fillNext(): void {
    const [vacant = this.pages.length] = this.#vacant
    this.#vacant.delete(vacant)
    this.#page = vacant
    this.#addPage(vacant, PAGE_WORDS)
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

  /** Discards the followers of a page's records that are in other pages. */
  #discardFollowers(page: number, others: ReadonlySet<number>): void {
    const words = this.pages[page]
    // Begins with the record that stands for none: it, too, has a follower.
    for (let at = 0; at < this.#ends[page]; at += wordsOf(words[at + LENGTH]))
      if (others.has(words[at + FOLLOWER] >>> PAGE_BITS)) words[at + FOLLOWER] = NO_RECORD
  }
}
