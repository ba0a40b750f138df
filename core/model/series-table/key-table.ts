import type { Stepwise } from '../stepwise.ts'
import { Candidates, LOOKED_UP_AT_ONCE } from './candidates.ts'
import type { KeyBatch } from './key-batch.ts'
import { hashKey, type KeyHash, newSecrets, type Secrets } from './key-hash.ts'
import { KeyIds, UNKNOWN } from './key-ids.ts'
import {
  FOLLOWER,
  HEADER,
  ID,
  IN_PAGE,
  KeyRecords,
  LENGTH,
  NEXT,
  NO_RECORD,
  PAGE_BITS,
  PAGE_BYTES,
  PARENT,
  SEEN
} from './key-records.ts'
import { firstSlot, KeySlots, nextSlot } from './key-slots.ts'
import { KeyCursor, type StoredKey } from './stored-key.ts'

export { UNKNOWN }

/** In place of a parent: no key has it, whole or in parts. */
export const NO_PARENT = -(2 ** 31)

/** So many wrong predictions are borne, and one more with every so many right ones. Then keys are found by hashes. */
const WRONG_AT_FIRST = 8
const RIGHT_PER_WRONG = 8
/** Of batches that are found by hashes so many in one write down their order: each key costs a cache line. */
const LEARNED_ONCE_IN = 16
const BYTES_BESIDE_RECORD = 32

/**
 * From a key, which is a number (its parent) and bytes, to a dense id. Several keys may have one id. A key that is found
 * is compared byte by byte; hashes only tell where to look. Nothing here is an object for each key.
 */
export class KeyTable {
  /** The number that ids found from now on were seen in. */
  epoch = 1
  readonly #records = new KeyRecords()
  readonly #slots = new KeySlots()
  readonly #secrets: Secrets
  readonly #hash: KeyHash
  readonly #ids = new KeyIds()
  /** The record found last. */
  #last = NO_RECORD
  #lookUps = 0
  readonly #candidates: Candidates

  constructor(secrets: Secrets = newSecrets(), hash: KeyHash = hashKey) {
    this.#secrets = secrets
    this.#hash = hash
    this.#candidates = new Candidates(this.#slots, this.#records, secrets, hash)
  }

  /** Ids in use. */
  get size(): number {
    return this.#ids.size
  }

  /** All ids are below this. */
  get length(): number {
    return this.#ids.length
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.#records.bytes + this.#slots.bytes + this.#ids.bytes
  }

  /** Memory of keys, in use and free, in bytes. */
  get reservedBytes(): number {
    return this.#records.reservedBytes
  }

  /** Memory that is for keys of some lengths alone, in bytes. */
  get freeBytes(): number {
    return this.#records.freeBytes
  }

  /** Gives memory back that no key is in. */
  reclaim(): Stepwise<void> {
    return this.#records.reclaim()
  }

  /** Memory that one more key takes, in bytes: its record, two slots, and what tables know of its id. */
  static bytesOf(keyLength: number): number {
    return KeyRecords.bytesOf(keyLength) + BYTES_BESIDE_RECORD
  }

  hashOf(parent: number, view: DataView, start: number, end: number): number {
    return this.#hash(this.#secrets, parent, view, start, end)
  }

  /** False if no key has this hash. */
  hasHash(hash: number): boolean {
    return this.#slots.has(hash)
  }

  /** The id of a key, or {@link UNKNOWN}. */
  find(parent: number, view: DataView, start: number, end: number): number {
    const records = this.#records
    const predicted = records.get(this.#last, FOLLOWER)
    if (records.matches(predicted, parent, view, start, end)) return this.#see(predicted)
    const record = this.#lookUp(this.hashOf(parent, view, start, end), parent, view, start, end)
    if (record === NO_RECORD) return UNKNOWN
    records.set(this.#last, FOLLOWER, record)
    return this.#see(record)
  }

  /**
   * Finds all keys of a batch. If they come in the order of last time, each is expected to follow the one before, and no
   * hash is needed.
   */
  findAll(batch: KeyBatch): void {
    for (let from = this.#predict(batch); from < batch.length; from += LOOKED_UP_AT_ONCE)
      this.#lookUpAll(batch, from, Math.min(batch.length, from + LOOKED_UP_AT_ONCE))
  }

  /** Finds all keys of a batch, and adds those that are not in the table. @param added told the index of each of these */
  addAll(batch: KeyBatch, added: (i: number) => void): void {
    const { view, parents, starts, ends, ids, length } = batch
    for (let from = 0; from < length; from += LOOKED_UP_AT_ONCE) {
      const to = Math.min(length, from + LOOKED_UP_AT_ONCE)
      this.#candidates.find(batch, from, to)
      for (let i = from; i < to; i++) {
        const hash = this.#candidates.hashes[i - from]
        const record = this.#lookUp(hash, parents[i], view, starts[i], ends[i])
        ids[i] =
          record === NO_RECORD
            ? this.#addHashed(hash, parents[i], view, starts[i], ends[i], UNKNOWN)
            : this.#see(record)
        if (record === NO_RECORD) added(i)
      }
    }
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
    if (KeyRecords.bytesOf(end - start) > PAGE_BYTES || this.#records.isFull) return UNKNOWN
    const records = this.#records
    const record = records.add(parent, view, start, end)
    if (!this.#slots.add(hash, record)) {
      records.remove(record)
      return UNKNOWN
    }
    const own = id === UNKNOWN ? this.#ids.add(record) : id
    records.set(record, ID, own)
    records.set(record, SEEN, this.epoch)
    if (id !== UNKNOWN) this.#chain(id, record)
    records.set(this.#last, FOLLOWER, record)
    this.#last = record
    return own
  }

  /** A new id without a key, which depends on that of another one. */
  addLink(base: number): number {
    return this.#ids.addLink(base)
  }

  /** The id that another one without a key depends on; {@link UNKNOWN} if it has a key. */
  linkOf(id: number): number {
    return this.#ids.linkOf(id)
  }

  /** The first key that an id in use was given for. @param cursor gets it, if it is given */
  keyOf(id: number, cursor = new KeyCursor()): StoredKey {
    const record = this.#ids.firstRecord(id)
    const at = record & IN_PAGE
    const words = this.#records.pages[record >>> PAGE_BITS]
    const start = (at + HEADER) * 4
    cursor.parent = words[at + PARENT]
    cursor.view = this.#records.views[record >>> PAGE_BITS]
    cursor.start = start
    cursor.end = start + words[at + LENGTH]
    return cursor
  }

  /** Copies the first keys of ids, as {@link KeyRecords.copyKeys} does. */
  copyKeys(ids: Int32Array, from: number, to: number, into: DataView, ends: Int32Array): number {
    return this.#records.copyKeys(this.#ids.records, ids, from, to, into, ends)
  }

  /** Memory of all keys of an id, in bytes. */
  bytesOf(id: number): number {
    let bytes = 0
    for (let record = this.#ids.firstRecord(id); record !== NO_RECORD; record = this.#records.get(record, NEXT))
      bytes += KeyTable.bytesOf(this.#records.get(record, LENGTH))
    return bytes
  }

  isUsed(id: number): boolean {
    return this.#ids.isUsed(id)
  }

  /** The epoch in which the id was seen last; 0 if it has no key. */
  seen(id: number): number {
    return this.#records.get(this.#ids.firstRecord(id), SEEN)
  }

  /** The id counts as seen. */
  see(id: number): void {
    this.#records.set(this.#ids.firstRecord(id), SEEN, this.epoch)
  }

  /** Removes an id with all its keys. It is used again for another one. */
  remove(id: number): void {
    const records = this.#records
    for (let record = this.#ids.firstRecord(id); record !== NO_RECORD; ) {
      const next = records.get(record, NEXT)
      const start = ((record & IN_PAGE) + HEADER) * 4
      const end = start + records.get(record, LENGTH)
      const hash = this.hashOf(records.get(record, PARENT), records.views[record >>> PAGE_BITS], start, end)
      this.#slots.remove(hash, record)
      records.remove(record)
      record = next
    }
    this.#ids.remove(id)
    this.#last = NO_RECORD
  }

  #chain(id: number, record: number): void {
    const first = this.#ids.firstRecord(id)
    if (first === NO_RECORD) return this.#ids.records.set(id, record)
    this.#records.set(record, NEXT, this.#records.get(first, NEXT))
    this.#records.set(first, NEXT, record)
  }

  /** Returns the id of a record that was found. */
  #see(record: number): number {
    const words = this.#records.pages[record >>> PAGE_BITS]
    const at = record & IN_PAGE
    this.#last = record
    if (words[at + SEEN] !== this.epoch) {
      words[at + SEEN] = this.epoch
      this.see(words[at + ID])
    }
    return words[at + ID]
  }

  #lookUp(hash: number, parent: number, view: DataView, start: number, end: number): number {
    const slots = this.#slots.shardOf(hash)
    for (let at = firstSlot(slots, hash); slots[at + 1] !== NO_RECORD; at = nextSlot(slots, at))
      if (slots[at] === hash && this.#records.matches(slots[at + 1], parent, view, start, end)) return slots[at + 1]
    return NO_RECORD
  }

  /** Finds keys for as long as most of them follow the one before; returns their number. */
  #predict(batch: KeyBatch): number {
    const { view, parents, starts, ends, ids, length } = batch
    const records = this.#records
    let right = 0
    let i = 0
    for (; i < length && (i - right - WRONG_AT_FIRST) * RIGHT_PER_WRONG < i; i++) {
      this.#last = records.follow(batch, i, this.#last, this.epoch)
      right += records.followed
      i += records.followed
      if (i === length) break
      let record = records.get(this.#last, FOLLOWER)
      if (records.matches(record, parents[i], view, starts[i], ends[i])) right++
      else {
        record = this.#lookUp(this.hashOf(parents[i], view, starts[i], ends[i]), parents[i], view, starts[i], ends[i])
        if (record !== NO_RECORD) records.set(this.#last, FOLLOWER, record)
      }
      ids[i] = record === NO_RECORD ? UNKNOWN : this.#see(record)
    }
    return i
  }

  /** Does each step for all keys before the next step for any: so the processor fetches many cache lines at a time. */
  #lookUpAll(batch: KeyBatch, from: number, to: number): void {
    const { view, parents, starts, ends, ids } = batch
    this.#candidates.find(batch, from, to)
    const records = this.#records
    const learns = this.#lookUps++ % LEARNED_ONCE_IN === 0
    for (let i = from; i < to; i++) {
      let record = this.#candidates.records[i - from]
      if (!records.matches(record, parents[i], view, starts[i], ends[i]))
        record = this.#lookUp(this.#candidates.hashes[i - from], parents[i], view, starts[i], ends[i])
      if (learns && record !== NO_RECORD) records.set(this.#last, FOLLOWER, record)
      ids[i] = record === NO_RECORD ? UNKNOWN : this.#see(record)
    }
  }
}
