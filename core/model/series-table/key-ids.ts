import { FreePlaces } from '../free-places.ts'
import { IdColumn } from './id-column.ts'
import { NO_RECORD } from './record-layout.ts'

/** In place of an id: the key is not in the table. */
export const UNKNOWN = 0xffffffff
/** In place of the record of an id without a key: another id, plus this. */
const LINK = 2 ** 31

/** The ids of a table of keys. They are dense, and used again. */
export class KeyIds {
  /** Ids in use. */
  size = 0
  /** All ids are below this. */
  length = 0
  /** By id: its first record, or the id that it is linked to. */
  readonly records = new IdColumn(NO_RECORD)
  readonly #free = new FreePlaces()

  /** A new id. @param near one that it is often used together with */
  add(record: number, near: number): number {
    const id = this.#free.take(near) ?? this.length++
    this.records.set(id, record)
    this.size++
    return id
  }

  /** A new id without a key, which depends on that of another one. @param near as that of {@link add} */
  addLink(base: number, near: number): number {
    return this.add(LINK + base, near)
  }

  isUsed(id: number): boolean {
    return this.records.get(id) !== NO_RECORD
  }

  /** {@link NO_RECORD} of an id without a key. */
  firstRecord(id: number): number {
    const record = this.records.get(id)
    return record < LINK ? record : NO_RECORD
  }

  /** The id that another one without a key depends on; {@link UNKNOWN} if it has a key. */
  linkOf(id: number): number {
    const record = this.records.get(id)
    return record < LINK ? UNKNOWN : record - LINK
  }

  /** The id is used again for another one. */
  remove(id: number): void {
    this.records.set(id, NO_RECORD)
    this.#free.add(id)
    this.size--
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.records.bytes
  }
}
