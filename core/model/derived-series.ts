import { IdColumn, PagedColumn } from './series-table/id-column.ts'
import { UNKNOWN } from './series-table/key-table.ts'
import type { SeriesColumn } from './series-table/series-column.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'
import type { Stepwise } from './stepwise.ts'

/** In place of the id of a derived series: there is none. */
export const NOT_DERIVED = UNKNOWN - 1

/**
 * A series without points for more epochs than this is derived anew. Otherwise series that are derived from each other,
 * or from themselves, would keep each other for ever.
 */
const IDLE_EPOCHS = 4
/** Numbers of epochs are kept in a byte. */
const EPOCH_BITS = 0xff

/** For each series the one that is derived from it, which is kept for as long as points of the former come. */
export class DerivedSeries {
  #derive: (series: Series) => number
  #table: SeriesTable | undefined
  #ids = new IdColumn(UNKNOWN)
  /** By id: the epoch in which it was asked for last. */
  #usedIn = new PagedColumn(Uint8Array)
  #epoch = 0

  /** @param derive returns an id, or {@link NOT_DERIVED}; it must not keep the series */
  constructor(derive: (series: Series) => number) {
    this.#derive = derive
  }

  /** The id of the series derived from that of point `i`, or {@link NOT_DERIVED}. */
  idOf(series: SeriesColumn, i: number): number {
    if (this.#table !== series.table) this.#attach(series.table)
    const id = series.ids[i]
    this.#usedIn.set(id, this.#epoch)
    const known = this.#ids.get(id)
    return known === UNKNOWN ? this.#make(series.table, id) : known
  }

  /** True if the second series was derived from the first, and the first is still in use. */
  isFrom(id: number, derived: number): boolean {
    return this.#ids.get(id) === derived
  }

  /** Called when an epoch begins. Calls `hold` with the ids of all derived series in use, and forgets the others. */
  *holdIds(hold: (id: number) => void): Stepwise<void> {
    this.#epoch = (this.#epoch + 1) & EPOCH_BITS
    for (const [at, ids] of this.#ids.pages.entries()) {
      if (ids !== undefined) this.#holdPage(ids, at, hold)
      yield
    }
  }

  #holdPage(ids: Uint32Array, at: number, hold: (id: number) => void): void {
    const usedIn = this.#usedIn.pages[at]!
    for (let i = 0; i < ids.length; i++) {
      if (ids[i] === UNKNOWN) continue
      const idle = (this.#epoch - usedIn[i]) & EPOCH_BITS
      if (idle > IDLE_EPOCHS) ids[i] = UNKNOWN
      else if (ids[i] !== NOT_DERIVED) hold(ids[i])
    }
  }

  #attach(table: SeriesTable): void {
    this.#table = table
    this.#ids = table.idColumn(UNKNOWN)
    table.addHolder(this)
  }

  #make(table: SeriesTable, id: number): number {
    const derived = this.#derive(table.read(id))
    this.#ids.set(id, derived)
    return derived
  }
}
