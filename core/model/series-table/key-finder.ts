import { Candidates, LOOKED_UP_AT_ONCE } from './candidates.ts'
import type { KeyBatch } from './key-batch.ts'
import { UNKNOWN } from './key-ids.ts'
import type { KeyOrder } from './key-order.ts'
import type { KeyStore } from './key-store.ts'
import { FOLLOWER, NO_RECORD } from './record-layout.ts'

/** So many wrong predictions are borne, and one more with every so many right ones. Then keys are found by hashes. */
const WRONG_AT_FIRST = 8
const RIGHT_PER_WRONG = 8
/** Of batches so many in one are looked at closer. Those that are found by hashes write down their order: each key costs a cache line. */
const LOOKED_AT_ONCE_IN = 16

/** Finds the keys of a store. They are expected in the order of last time; others are looked up many at a time. */
export class KeyFinder {
  readonly #store: KeyStore
  readonly #candidates: Candidates
  readonly #order: KeyOrder
  /** Chooses batches at random: those of one sender may come at equal distances. */
  #choice = 1

  constructor(store: KeyStore, order: KeyOrder) {
    this.#store = store
    this.#candidates = new Candidates(store)
    this.#order = order
  }

  /** The id of a key, or {@link UNKNOWN}. */
  find(parent: number, view: DataView, start: number, end: number): number {
    const { records, last } = this.#store
    const predicted = records.get(last, FOLLOWER)
    if (records.matches(predicted, parent, view, start, end)) return this.#store.found(predicted)
    const record = this.#lookUpNext(parent, view, start, end)
    return record === NO_RECORD ? UNKNOWN : this.#store.found(record)
  }

  /** Finds all keys of a batch. If they come in the order of last time no hash is needed. */
  findAll(batch: KeyBatch): void {
    const isChosen = this.#choose()
    const { last } = this.#store
    const predicted = this.#predict(batch)
    for (let from = predicted; from < batch.length; from += LOOKED_UP_AT_ONCE)
      this.#lookUpAll(batch, from, Math.min(batch.length, from + LOOKED_UP_AT_ONCE), isChosen)
    // An order that comes again, since it was as predicted.
    if (isChosen && predicted === batch.length) this.#order.bringTogether(last, batch)
  }

  /** Finds all keys of a batch. Calls `add` with each that is not in the table, and its hash, for its id. */
  findOrAddAll(batch: KeyBatch, add: (i: number, hash: number) => number): void {
    const { view, parents, starts, ends, ids, length } = batch
    const store = this.#store
    for (let from = 0; from < length; from += LOOKED_UP_AT_ONCE) {
      const to = Math.min(length, from + LOOKED_UP_AT_ONCE)
      this.#candidates.hash(batch, from, to)
      for (let i = from; i < to; i++) {
        const hash = this.#candidates.hashes[i - from]
        const record = store.lookUp(hash, parents[i], view, starts[i], ends[i])
        ids[i] = record === NO_RECORD ? add(i, hash) : store.found(record)
      }
    }
  }

  #choose(): boolean {
    this.#choice = (Math.imul(this.#choice, 1664525) + 1013904223) >>> 0
    return this.#choice < 2 ** 32 / LOOKED_AT_ONCE_IN
  }

  /** Looks a key up, and expects it behind the record found last from now on. */
  #lookUpNext(parent: number, view: DataView, start: number, end: number): number {
    const store = this.#store
    const record = store.lookUp(store.hashOf(parent, view, start, end), parent, view, start, end)
    if (record !== NO_RECORD) store.records.set(store.last, FOLLOWER, record)
    return record
  }

  /** Finds keys for as long as most of them follow the one before; returns their number. */
  #predict(batch: KeyBatch): number {
    const { view, parents, starts, ends, ids, length } = batch
    const store = this.#store
    const { records } = store
    let right = 0
    let i = 0
    for (; i < length && (i - right - WRONG_AT_FIRST) * RIGHT_PER_WRONG < i; i++) {
      store.last = records.follow(batch, i, store.last, store.epoch)
      right += records.followed
      i += records.followed
      if (i === length) break
      let record = records.get(store.last, FOLLOWER)
      if (records.matches(record, parents[i], view, starts[i], ends[i])) right++
      else record = this.#lookUpNext(parents[i], view, starts[i], ends[i])
      ids[i] = record === NO_RECORD ? UNKNOWN : store.found(record)
    }
    return i
  }

  /** Does each step for all keys before the next step for any: so the processor fetches many cache lines at a time. */
  #lookUpAll(batch: KeyBatch, from: number, to: number, learns: boolean): void {
    const { view, parents, starts, ends, ids } = batch
    this.#candidates.find(batch, from, to)
    const store = this.#store
    const { records } = store
    for (let i = from; i < to; i++) {
      let record = this.#candidates.records[i - from]
      if (!records.matches(record, parents[i], view, starts[i], ends[i]))
        record = store.lookUp(this.#candidates.hashes[i - from], parents[i], view, starts[i], ends[i])
      if (learns && record !== NO_RECORD) records.set(store.last, FOLLOWER, record)
      ids[i] = record === NO_RECORD ? UNKNOWN : store.found(record)
    }
  }
}
