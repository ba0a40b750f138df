import type { Stepwise } from '../stepwise.ts'

/** Ids in a page. */
const PAGE_IDS = 2 ** 16
export const ID_PAGE_SHIFT = 16
export const IN_ID_PAGE = PAGE_IDS - 1

export type Page = Uint8Array | Int32Array | Uint32Array | Float64Array
export type PageType<P extends Page> = new (length: number) => P

/** Facts about series by their ids, which end with the series. */
export interface SeriesFacts {
  /** Called before the series goes. */
  clear(id: number): void
}

/** Numbers by id, in pages that are made when first needed: a column grows without being copied. */
export class IdColumn<P extends Page> {
  /**
   * By `id >>> ID_PAGE_SHIFT`, within a page by `id & IN_ID_PAGE`. Hot loops read them themselves: `get` sees pages of
   * all types, which makes it slow.
   */
  readonly pages: (P | undefined)[] = []
  readonly #type: PageType<P>
  readonly #fill: number

  /** @param fill the number of ids that have not got another one */
  constructor(type: PageType<P>, fill = 0) {
    this.#type = type
    this.#fill = fill
  }

  get(id: number): number {
    const page = this.pages[id >>> ID_PAGE_SHIFT]
    return page === undefined ? this.#fill : page[id & IN_ID_PAGE]
  }

  set(id: number, value: number): void {
    const page = this.pages[id >>> ID_PAGE_SHIFT] ?? this.#addPage(id >>> ID_PAGE_SHIFT)
    page[id & IN_ID_PAGE] = value
  }

  clear(id: number): void {
    const page = this.pages[id >>> ID_PAGE_SHIFT]
    if (page !== undefined) page[id & IN_ID_PAGE] = this.#fill
  }

  /** Calls `take` with the number of each id that has got one, in the order of ids, a page at a time. */
  *eachInSteps(take: (value: number) => void): Stepwise<void> {
    const fill = this.#fill
    for (const page of this.pages) {
      // By index: an iterator takes several times as long, and states have pages by the hundred.
      for (let i = 0; page !== undefined && i < PAGE_IDS; i++) if (page[i] !== fill) take(page[i])
      yield
    }
  }

  /** Clears all ids. */
  reset(): void {
    this.pages.length = 0
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.pages.reduce((sum, page) => sum + (page?.byteLength ?? 0), 0)
  }

  #addPage(index: number): P {
    const page = new this.#type(PAGE_IDS)
    if (this.#fill !== 0) page.fill(this.#fill)
    while (this.pages.length < index) this.pages.push(undefined)
    this.pages[index] = page
    return page
  }
}
