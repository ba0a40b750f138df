import type { SeriesColumn } from './series-table/series-column.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'

const PAGE_SHIFT = 12
const IN_PAGE = 2 ** PAGE_SHIFT - 1
/** As many as receivers add by default. With more series than this, values are computed again from time to time. */
const MOST_VALUES = 2 ** 21
/** A reference, and a small object. */
const BYTES_PER_VALUE = 48

/** Memory of one memo with small values. */
export const SERIES_MEMO_BYTES = MOST_VALUES * BYTES_PER_VALUE

/** In place of a value that was not computed. */
const UNKNOWN = Symbol('unknown')

/** A memo of a function of series. A value goes with its series. */
export class SeriesMemo<T> {
  #make: (series: Series) => T
  #table: SeriesTable | undefined
  /** By id, in pages. */
  #pages: (T | typeof UNKNOWN)[][] = []
  #values = 0

  /** @param make must not keep the series */
  constructor(make: (series: Series) => T) {
    this.#make = make
  }

  /** The value of the series of point `i`. */
  get(series: SeriesColumn, i: number): T {
    return this.#known(series.table, series.ids[i])
  }

  /** The value of a series. */
  of({ table, id }: Series): T {
    return this.#known(table, id)
  }

  /** All values, by the ids of their series. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (const page of this.#pages) for (const value of page) if (value !== UNKNOWN) yield value
  }

  /** Called by the table when a series goes. */
  clear(id: number): void {
    const page = this.#pages[id >>> PAGE_SHIFT]
    if (page === undefined || page[id & IN_PAGE] === UNKNOWN) return
    page[id & IN_PAGE] = UNKNOWN
    this.#values--
  }

  #known(table: SeriesTable, id: number): T {
    if (table !== this.#table || id >>> PAGE_SHIFT >= this.#pages.length) return this.#compute(table, id)
    const known = this.#pages[id >>> PAGE_SHIFT][id & IN_PAGE]
    return known === UNKNOWN ? this.#compute(table, id) : known
  }

  #compute(table: SeriesTable, id: number): T {
    if (this.#table !== table || this.#values >= MOST_VALUES) this.#reset(table)
    const value = this.#make(table.read(id))
    while (this.#pages.length <= id >>> PAGE_SHIFT) this.#pages.push(new Array(IN_PAGE + 1).fill(UNKNOWN))
    this.#pages[id >>> PAGE_SHIFT][id & IN_PAGE] = value
    this.#values++
    return value
  }

  #reset(table: SeriesTable): void {
    if (this.#table !== table) table.addColumn(this)
    this.#table = table
    this.#pages = []
    this.#values = 0
  }
}
