import { withRoom } from './columns.ts'
import { FreePlaces } from './free-places.ts'
import { packList, unpackList } from './packed-list.ts'
import { IdColumn } from './series-table/id-column.ts'
import { KeyBatch } from './series-table/key-batch.ts'
import { KeyTable } from './series-table/key-table.ts'
import type { SeriesContext } from './series-table/series-contexts.ts'
import type { SeriesTable } from './series-table/series-table.ts'
import type { Stepwise } from './stepwise.ts'

const FREE = 0xffffffff
const FREE_LENGTH = -1
const SLOTS_PER_STEP = 8192

/** Slots on disk: their contexts, each once, and the attributes of all as the series table has them. */
export interface SavedSeriesSlots {
  /** All slots are below this. */
  readonly length: number
  /** A packed list of contexts. */
  readonly contexts: Uint8Array
  /** By slot: index of the context. */
  readonly contextOf: Uint32Array
  /** By slot: bytes of attributes; -1 for a free slot. */
  readonly lengths: Int32Array
  readonly attributes: Uint8Array
}

/** Gives each series of a state a dense slot, for columns, and keeps the series for as long as it has one. */
export class SeriesSlots {
  readonly table: SeriesTable
  /** All slots are below this. */
  length = 0
  /** Memory of the keys of all series, in bytes. */
  keyBytes = 0
  /** By id of the series: slot + 1. */
  readonly #slots = new IdColumn()
  #ids = new Uint32Array()
  readonly #free = new FreePlaces()

  constructor(table: SeriesTable) {
    this.table = table
    table.addHolder(this)
  }

  /** Slots in use. */
  get size(): number {
    return this.length - this.#free.size
  }

  /** Memory, in bytes, without the series themselves. */
  get bytes(): number {
    return this.#slots.bytes + this.#ids.byteLength
  }

  /** The slot of a series, or -1. @param id of the series */
  find(id: number): number {
    return this.#slots.get(id) - 1
  }

  /** A slot for a series that has none. @param near another slot that is often used together with it; -1 for none */
  add(id: number, near = -1): number {
    // The id may be of an old block, and come again with a new one before the state is asked for its ids.
    this.table.see(id)
    const slot = this.#free.take(near) ?? this.length++
    this.#put(slot, id)
    return slot
  }

  isUsed(slot: number): boolean {
    return this.#ids[slot] !== FREE
  }

  /** The id of the slot's series. */
  idOf(slot: number): number {
    return this.#ids[slot]
  }

  /** Frees slots, which the next series get. */
  remove(slots: readonly number[]): void {
    for (const slot of slots) {
      const id = this.#ids[slot]
      this.keyBytes -= this.#keyBytesOf(id)
      this.#slots.clear(id)
      this.#ids[slot] = FREE
      this.#free.add(slot)
    }
  }

  /** Calls `hold` with the id of each series. */
  *holdIds(hold: (id: number) => void): Stepwise<void> {
    for (let slot = 0; slot < this.length; slot++) {
      if (this.isUsed(slot)) hold(this.#ids[slot])
      if (slot % SLOTS_PER_STEP === SLOTS_PER_STEP - 1) yield
    }
  }

  *save(): Stepwise<SavedSeriesSlots> {
    const { table, length } = this
    const contexts = new Map<number, number>()
    const contextOf = new Uint32Array(length)
    const lengths = new Int32Array(length)
    let bytes = 0
    for (let slot = 0; slot < length; slot++) {
      if (slot % SLOTS_PER_STEP === SLOTS_PER_STEP - 1) yield
      lengths[slot] = FREE_LENGTH
      if (!this.isUsed(slot)) continue
      const { parent, start, end } = table.keyOf(this.#ids[slot])
      if (!contexts.has(parent)) contexts.set(parent, contexts.size)
      contextOf[slot] = contexts.get(parent)!
      lengths[slot] = end - start
      bytes += end - start
    }
    const attributes = yield* this.#attributes(lengths, bytes)
    const used = Array.from(contexts.keys(), id => partsOf(table.context(id)))
    return { length, contexts: yield* packList(used), contextOf, lengths, attributes }
  }

  /** In memory that is not filled with zeros first: that would be one long step. */
  *#attributes(lengths: Int32Array, bytes: number): Stepwise<Uint8Array> {
    const attributes = Buffer.allocUnsafeSlow(bytes)
    let at = 0
    for (let slot = 0; slot < lengths.length; slot++) {
      if (slot % SLOTS_PER_STEP === SLOTS_PER_STEP - 1) yield
      if (lengths[slot] === FREE_LENGTH) continue
      const { view, start } = this.table.keyOf(this.#ids[slot])
      attributes.set(new Uint8Array(view.buffer, start, lengths[slot]), at)
      at += lengths[slot]
    }
    return attributes
  }

  /** Restores into a new object. */
  restore({ length, contexts, contextOf, lengths, attributes }: SavedSeriesSlots): void {
    const ids = unpackList<SeriesContext>(contexts).map(({ metric, resource, scope }) =>
      this.table.contextOf(metric, resource, scope)
    )
    const batch = new KeyBatch()
    let begin = attributes.byteOffset
    for (let from = 0; from < length; from += SLOTS_PER_STEP) {
      const to = Math.min(length, from + SLOTS_PER_STEP)
      // A view for each step: offsets in a batch have 31 bits, and all attributes together may take more than 2 GiB.
      batch.begin(new DataView(attributes.buffer, begin))
      let at = 0
      for (let slot = from; slot < to; slot++)
        if (lengths[slot] !== FREE_LENGTH) batch.add(ids[contextOf[slot]], at, (at += lengths[slot]))
      begin += at
      this.table.addAll(batch)
      for (let slot = from, i = 0; slot < to; slot++)
        if (lengths[slot] !== FREE_LENGTH) this.#put(slot, batch.ids[i++], KeyTable.bytesOf(lengths[slot]))
    }
    this.#endRestore(length)
  }

  /** Restores pairs of slots and ids into a new object. */
  restorePairs(length: number, pairs: Iterable<readonly [slot: number, id: number]>): void {
    for (const [slot, id] of pairs) this.#put(slot, id)
    this.#endRestore(length)
  }

  #endRestore(length: number): void {
    this.length = length
    if (length > 0) this.#ids = withRoom(this.#ids, length - 1, FREE)
    for (let slot = 0; slot < length; slot++) if (!this.isUsed(slot)) this.#free.add(slot)
  }

  #put(slot: number, id: number, keyBytes = this.#keyBytesOf(id)): void {
    this.#ids = withRoom(this.#ids, slot, FREE)
    this.#ids[slot] = id
    this.#slots.set(id, slot + 1)
    this.keyBytes += keyBytes
  }

  #keyBytesOf(id: number): number {
    const { start, end } = this.table.keyOf(id)
    return KeyTable.bytesOf(end - start)
  }
}

const partsOf = ({ metric, resource, scope }: SeriesContext): SeriesContext => ({ metric, resource, scope })
