import type { Stepwise } from '../stepwise.ts'

/** Ids in a page. */
const PAGE_IDS = 2 ** 16
const PAGE_SHIFT = 16
const IN_PAGE = PAGE_IDS - 1

type Page = Uint8Array | Int32Array | Uint32Array | Float64Array

/** Facts about series by their ids, which end with the series. */
export interface SeriesFacts {
  /** Called before the series goes. */
  clear(id: number): void
}

/** Numbers by id, in pages that are made when first needed: a column grows without being copied. */
export class PagedColumn<P extends Page> {
  /** By `id >>> 16`; in a page by the lower 16 bits. */
  readonly pages: (P | undefined)[] = []
  protected readonly fill: number
  readonly #type: new (
    length: number
  ) => P

  /** @param fill the number of ids that have not got another one */
  constructor(type: new (length: number) => P, fill = 0) {
    this.#type = type
    this.fill = fill
  }

  get(id: number): number {
    const page = this.pages[id >>> PAGE_SHIFT]
    return page === undefined ? this.fill : page[id & IN_PAGE]
  }

  set(id: number, value: number): void {
    const page = this.pages[id >>> PAGE_SHIFT] ?? this.addPage(id)
    page[id & IN_PAGE] = value
  }

  clear(id: number): void {
    const page = this.pages[id >>> PAGE_SHIFT]
    if (page !== undefined) page[id & IN_PAGE] = this.fill
  }

  /** Clears all ids. */
  reset(): void {
    this.pages.length = 0
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.pages.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0)
  }

  protected addPage(id: number): P {
    const page = new this.#type(PAGE_IDS)
    if (this.fill !== 0) page.fill(this.fill)
    const index = id >>> PAGE_SHIFT
    while (this.pages.length < index) this.pages.push(undefined)
    this.pages[index] = page
    return page
  }
}

/** Numbers of 32 bits, not negative, by id. Has code of its own: code that sees arrays of several types is slow for all. */
export class IdColumn extends PagedColumn<Uint32Array> {
  constructor(fill = 0) {
    if (fill < 0) throw new RangeError(`a column of ids has no ${fill}`)
    super(Uint32Array, fill)
  }

  override get(id: number): number {
    const page = this.pages[id >>> PAGE_SHIFT]
    return page === undefined ? this.fill : page[id & IN_PAGE]
  }

  override set(id: number, value: number): void {
    const page = this.pages[id >>> PAGE_SHIFT] ?? this.addPage(id)
    page[id & IN_PAGE] = value
  }

  /** Calls `take` with the number of each id that has got one, in the order of ids, a page at a time. */
  *eachInSteps(take: (value: number) => void): Stepwise<void> {
    const { fill } = this
    for (const page of this.pages) {
      // By index: an iterator takes several times as long, and states have pages by the hundred.
      for (let i = 0; page !== undefined && i < PAGE_IDS; i++) if (page[i] !== fill) take(page[i])
      yield
    }
  }
}
