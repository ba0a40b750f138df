import type { Stepwise } from '../stepwise.ts'
import type { KeyBatch } from './key-batch.ts'
import { KeyFinder } from './key-finder.ts'
import { hashKey, type KeyHash, newSecrets, type Secrets } from './key-hash.ts'
import { UNKNOWN } from './key-ids.ts'
import { KeyOrder } from './key-order.ts'
import { KeyRecords } from './key-records.ts'
import { KeyStore } from './key-store.ts'
import {
  FOLLOWER,
  HEADER,
  ID,
  IN_PAGE,
  LENGTH,
  NEXT,
  NO_RECORD,
  PAGE_BITS,
  PAGE_BYTES,
  PARENT,
  SEEN
} from './record-layout.ts'
import { KeyCursor, type StoredKey } from './stored-key.ts'

export { UNKNOWN }

/** In place of a parent: no key has it, whole or in parts. */
export const NO_PARENT = -(2 ** 31)

const BYTES_BESIDE_RECORD = 32

/**
 * From a key, which is a number (its parent) and bytes, to a dense id. Several keys may have one id. A key that is found
 * is compared byte by byte; hashes only tell where to look. Nothing here is an object for each key.
 */
export class KeyTable {
  readonly #store: KeyStore
  readonly #order: KeyOrder
  readonly #finder: KeyFinder

  constructor(secrets: Secrets = newSecrets(), hash: KeyHash = hashKey) {
    this.#store = new KeyStore(secrets, hash)
    this.#order = new KeyOrder(this.#store)
    this.#finder = new KeyFinder(this.#store, this.#order)
  }

  /** The number that ids found from now on were seen in. */
  get epoch(): number {
    return this.#store.epoch
  }

  set epoch(epoch: number) {
    this.#store.epoch = epoch
  }

  /** Ids in use. */
  get size(): number {
    return this.#store.ids.size
  }

  /** All ids are below this. */
  get length(): number {
    return this.#store.ids.length
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.#store.records.bytes + this.#store.slots.bytes + this.#store.ids.bytes
  }

  /** Memory of keys, in use and free, in bytes. */
  get reservedBytes(): number {
    return this.#store.records.reservedBytes
  }

  /** Memory that is for keys of some lengths alone, in bytes. */
  get freeBytes(): number {
    return this.#store.records.freeBytes
  }

  /** Gives memory back that no key is in, and some that few are in. */
  reclaim(): Stepwise<void> {
    return this.#order.reclaim()
  }

  /** Memory that one more key takes, in bytes: its record, two slots, and what tables know of its id. */
  static bytesOf(keyLength: number): number {
    return KeyRecords.bytesOf(keyLength) + BYTES_BESIDE_RECORD
  }

  hashOf(parent: number, view: DataView, start: number, end: number): number {
    return this.#store.hashOf(parent, view, start, end)
  }

  /** False if no key has this hash. */
  hasHash(hash: number): boolean {
    return this.#store.slots.has(hash)
  }

  /** The id of a key, or {@link UNKNOWN}. */
  find(parent: number, view: DataView, start: number, end: number): number {
    return this.#finder.find(parent, view, start, end)
  }

  /** Finds all keys of a batch. It is quickest if they come in the order of last time. */
  findAll(batch: KeyBatch): void {
    this.#finder.findAll(batch)
  }

  /** Finds all keys of a batch, and adds those that are not in the table. @param added told the index of each of these */
  addAll(batch: KeyBatch, added: (i: number) => void): void {
    const { view, parents, starts, ends, ids } = batch
    this.#finder.findOrAddAll(batch, (i, hash) => {
      ids[i] = this.#addHashed(hash, parents[i], view, starts[i], ends[i], UNKNOWN)
      added(i)
      return ids[i]
    })
  }

  /**
   * Adds a key that is not in the table, and returns its id. {@link UNKNOWN} if it is too long, or if too many keys
   * collide with it.
   * @param id that of another key of the same identity; a new one by default
   */
  add(parent: number, view: DataView, start: number, end: number, id = UNKNOWN): number {
    return this.#addHashed(this.hashOf(parent, view, start, end), parent, view, start, end, id)
  }

  #addHashed(hash: number, parent: number, view: DataView, start: number, end: number, id: number): number {
    if (KeyRecords.bytesOf(end - start) > PAGE_BYTES || this.#store.records.isFull) return UNKNOWN
    const store = this.#store
    const { records } = store
    const record = records.add(parent, view, start, end)
    if (!store.slots.add(hash, record)) {
      records.remove(record)
      return UNKNOWN
    }
    const own = id === UNKNOWN ? store.ids.add(record, records.get(store.last, ID)) : id
    records.set(record, ID, own)
    records.set(record, SEEN, this.epoch)
    if (id !== UNKNOWN) this.#chain(id, record)
    records.set(store.last, FOLLOWER, record)
    store.last = record
    return own
  }

  /** A new id without a key, which depends on that of another one. @param near an id that it is often used together with */
  addLink(base: number, near: number): number {
    return this.#store.ids.addLink(base, near)
  }

  /** The id that another one without a key depends on; {@link UNKNOWN} if it has a key. */
  linkOf(id: number): number {
    return this.#store.ids.linkOf(id)
  }

  /** The first key that an id in use was given for. @param cursor gets it, if it is given */
  keyOf(id: number, cursor = new KeyCursor()): StoredKey {
    const record = this.#store.ids.firstRecord(id)
    const at = record & IN_PAGE
    const words = this.#store.records.pages[record >>> PAGE_BITS]
    const start = (at + HEADER) * 4
    cursor.parent = words[at + PARENT]
    cursor.view = this.#store.records.views[record >>> PAGE_BITS]
    cursor.start = start
    cursor.end = start + words[at + LENGTH]
    return cursor
  }

  /** Copies the first keys of ids, as {@link KeyRecords.copyKeys} does. */
  copyKeys(ids: Int32Array, from: number, to: number, into: DataView, ends: Int32Array): number {
    return this.#store.records.copyKeys(this.#store.ids.records, ids, from, to, into, ends)
  }

  /** Memory of all keys of an id, in bytes. */
  bytesOf(id: number): number {
    let bytes = 0
    for (
      let record = this.#store.ids.firstRecord(id);
      record !== NO_RECORD;
      record = this.#store.records.get(record, NEXT)
    )
      bytes += KeyTable.bytesOf(this.#store.records.get(record, LENGTH))
    return bytes
  }

  isUsed(id: number): boolean {
    return this.#store.ids.isUsed(id)
  }

  /** The epoch in which the id was seen last; 0 if it has no key. */
  seen(id: number): number {
    return this.#store.records.get(this.#store.ids.firstRecord(id), SEEN)
  }

  /** The id counts as seen. */
  see(id: number): void {
    this.#store.see(id)
  }

  /** Removes an id with all its keys. It is used again for another one. */
  remove(id: number): void {
    const { records, slots, ids } = this.#store
    for (let record = ids.firstRecord(id); record !== NO_RECORD; ) {
      const next = records.get(record, NEXT)
      slots.remove(this.#store.hashOfRecord(record), record)
      records.remove(record)
      record = next
    }
    ids.remove(id)
    this.#store.last = NO_RECORD
  }

  #chain(id: number, record: number): void {
    const first = this.#store.ids.firstRecord(id)
    if (first === NO_RECORD) return this.#store.ids.records.set(id, record)
    this.#store.records.set(record, NEXT, this.#store.records.get(first, NEXT))
    this.#store.records.set(first, NEXT, record)
  }
}
