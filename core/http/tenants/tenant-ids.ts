import { NOT_DERIVED } from '../../model/derived-series.ts'
import { IdColumn, PagedColumn } from '../../model/series-table/id-column.ts'
import type { IdHolder } from '../../model/series-table/id-lifetimes.ts'
import { KeyTable, UNKNOWN } from '../../model/series-table/key-table.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { MOST_TENANTS } from './meters.ts'

/** A received series' id in four bytes, and in one the number of series that had this id before. */
const KEY_BYTES = 5
const GENERATION = 4
/** Entries without points for more epochs go. Far fewer than an id could have series in, so that a byte tells them apart. */
const IDLE_EPOCHS = 4
const ENTRIES_PER_STEP = 1024

/**
 * For each tenant and each received series the series that has the tenant in its resource. One table for all tenants: a
 * column for each would take its first page for each, and most tenants are small.
 */
export class TenantIds implements IdHolder {
  readonly #entries = new KeyTable()
  /** By entry. */
  readonly #derived = new IdColumn(UNKNOWN)
  readonly #slotOf = new IdColumn()
  /** By id of a received series. */
  readonly #generations = new PagedColumn(Uint8Array)
  /** By tenant: series in use, and those that it may not have. */
  readonly #sizes = new Int32Array(MOST_TENANTS)
  readonly #notDerived = new Int32Array(MOST_TENANTS)
  readonly #key = new DataView(new ArrayBuffer(KEY_BYTES))
  /** The table holds it weakly. */
  readonly #facts = { clear: (id: number) => this.#generations.set(id, this.#generations.get(id) + 1) }

  constructor(table: SeriesTable) {
    table.addHolder(this)
    table.addColumn(this.#facts)
  }

  /** Series of a tenant that are in use. */
  sizeOf(slot: number): number {
    return this.#sizes[slot]
  }

  /** Received series in use for which {@link NOT_DERIVED} was made. */
  notDerivedOf(slot: number): number {
    return this.#notDerived[slot]
  }

  /**
   * The id of a tenant's series.
   * @param received id of a series as it was received
   * @param derive makes an id, {@link NOT_DERIVED}, or {@link UNKNOWN} if it is to be asked again
   */
  idOf(slot: number, received: number, derive: (received: number) => number): number {
    const key = this.#key
    key.setUint32(0, received, true)
    key.setUint8(GENERATION, this.#generations.get(received))
    const entry = this.#entries.find(slot, key, 0, KEY_BYTES)
    return entry === UNKNOWN ? this.#add(slot, derive(received)) : this.#derived.get(entry)
  }

  /** Called when an epoch begins. Removes entries that are not in use. */
  *holdIds(hold: (id: number) => void): Stepwise<void> {
    const entries = this.#entries
    entries.epoch++
    for (let entry = 0; entry < entries.length; entry++) {
      if (entry % ENTRIES_PER_STEP === ENTRIES_PER_STEP - 1) yield
      if (!entries.isUsed(entry)) continue
      const derived = this.#derived.get(entry)
      if (entries.epoch - entries.seen(entry) > IDLE_EPOCHS) this.#remove(entry, derived)
      else if (derived !== NOT_DERIVED) hold(derived)
    }
    yield* entries.reclaim()
  }

  /** The key at hand gets its id. */
  #add(slot: number, derived: number): number {
    if (derived === UNKNOWN) return derived
    const entry = this.#entries.add(slot, this.#key, 0, KEY_BYTES)
    this.#derived.set(entry, derived)
    this.#slotOf.set(entry, slot)
    this.#countOf(derived)[slot]++
    return derived
  }

  #remove(entry: number, derived: number): void {
    this.#countOf(derived)[this.#slotOf.get(entry)]--
    this.#entries.remove(entry)
    this.#derived.clear(entry)
  }

  #countOf(derived: number): Int32Array {
    return derived === NOT_DERIVED ? this.#notDerived : this.#sizes
  }
}
