import { IdColumn } from './series-table/id-column.ts'
import { UNKNOWN } from './series-table/key-table.ts'
import type { SeriesColumn } from './series-table/series-column.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'

/** In place of the id of a derived series: there is none. */
export const NOT_DERIVED = UNKNOWN - 1

/** For each series the one that is derived from it. Both are kept for as long as the former is. */
export class DerivedSeries {
  #derive: (series: Series) => number
  #table: SeriesTable | undefined
  #ids = new IdColumn<Uint32Array>(Uint32Array, UNKNOWN)

  /** @param derive returns an id, or {@link NOT_DERIVED}; it must not keep the series */
  constructor(derive: (series: Series) => number) {
    this.#derive = derive
  }

  /** The id of the series derived from that of point `i`, or {@link NOT_DERIVED}. */
  idOf(series: SeriesColumn, i: number): number {
    if (this.#table !== series.table) this.#attach(series.table)
    const known = this.#ids.get(series.ids[i])
    return known === UNKNOWN ? this.#make(series.table, series.ids[i]) : known
  }

  /** True if the second series was derived from the first, which is still there. */
  isFrom(id: number, derived: number): boolean {
    return this.#ids.get(id) === derived
  }

  /** Calls `hold` with the ids of all derived series. */
  holdIds(hold: (id: number) => void): void {
    for (const page of this.#ids.pages) if (page !== undefined) for (const id of page) if (id < NOT_DERIVED) hold(id)
  }

  #attach(table: SeriesTable): void {
    this.#table = table
    this.#ids = table.column<Uint32Array>(Uint32Array, UNKNOWN)
    table.addHolder(this)
  }

  #make(table: SeriesTable, id: number): number {
    const derived = this.#derive(table.read(id))
    this.#ids.set(id, derived)
    return derived
  }
}
