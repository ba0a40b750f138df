import type { MetricKind } from '../series.ts'
import type { Stepwise } from '../stepwise.ts'
import type { AttributeSplice } from './attribute-splice.ts'
import type { KeyBatch } from './key-batch.ts'
import type { KeyHash } from './key-hash.ts'
import { KeyParts } from './key-parts.ts'
import { KeyTable, UNKNOWN } from './key-table.ts'
import type { LinkRule } from './link-rules.ts'
import { LinkedKeys } from './linked-keys.ts'
import type { KeyCursor, StoredKey } from './stored-key.ts'

/** A list of parts has this as its parent in place of the context. Contexts are 0 or more, and -1 is a free record. */
const parentOfList = (context: number) => -2 - context
const isList = (parent: number) => parent < -1

/** Facts of the table of series about its contexts and ids. */
export interface SeriesFactsOfKeys {
  contextOf(id: number): number
  kindOf(context: number): MetricKind
  seriesOf(context: number): number
  /** Called with each linked id that is found. */
  found(id: number): void
}

const NO_FACTS: SeriesFactsOfKeys = {
  contextOf: () => 0,
  kindOf: () => 'gauge',
  seriesOf: () => Number.POSITIVE_INFINITY,
  found: () => {}
}

/**
 * The keys of series. Those that a receiver gets are kept as they come, to be found at once. Those that are derived from
 * them have most attributes in common with them and each other, and are linked to them, or kept in parts.
 */
export class SeriesKeys {
  readonly table: KeyTable
  readonly #parts = new KeyParts()
  readonly #linked: LinkedKeys
  /** Whether keys were ever kept in parts, be it the key without any. */
  #hasLists = false

  constructor(hash?: KeyHash, facts: SeriesFactsOfKeys = NO_FACTS) {
    this.table = new KeyTable(undefined, hash)
    this.#linked = new LinkedKeys({
      table: this.table,
      ...facts,
      keyOf: id => this.of(id),
      findKept: (context, view, start, end) => this.#findKept(context, view, start, end)
    })
  }

  /** The id of a key, whichever way it is kept, or {@link UNKNOWN}. */
  find(context: number, view: DataView, start: number, end: number): number {
    const kept = this.#findKept(context, view, start, end)
    return kept === UNKNOWN ? this.#linked.find(context, view, start, end) : kept
  }

  /** False if no key of this {@link KeyTable.hashOf hash} is kept. */
  mayKeep(hash: number): boolean {
    return this.#hasLists || this.table.hasHash(hash)
  }

  #findKept(context: number, view: DataView, start: number, end: number): number {
    const whole = this.findWhole(context, view, start, end)
    if (whole !== UNKNOWN || !this.#hasLists) return whole
    const list = this.#parts.find(view, start, end)
    return list === undefined ? UNKNOWN : this.table.find(parentOfList(context), list, 0, list.byteLength)
  }

  /** The same for one that is kept as it came. */
  findWhole(context: number, view: DataView, start: number, end: number): number {
    return this.table.find(context, view, start, end)
  }

  findAllWhole(batch: KeyBatch): void {
    this.table.findAll(batch)
  }

  /** Finds keys, whichever way they are kept, and keeps others as they are. @param added told the index of each of these */
  addAllWhole(batch: KeyBatch, added: (i: number) => void): void {
    if (!this.#hasLists && this.#linked.isEmpty) return this.table.addAll(batch, added)
    const { view, parents, starts, ends, ids, length } = batch
    for (let i = 0; i < length; i++) {
      ids[i] = this.find(parents[i], view, starts[i], ends[i])
      if (ids[i] !== UNKNOWN) continue
      ids[i] = this.addWhole(parents[i], view, starts[i], ends[i])
      added(i)
    }
  }

  /**
   * Keeps a key as it is that is not in the table. {@link UNKNOWN} if that cannot be.
   * @param id that of another key of the same series; a new one by default
   */
  addWhole(context: number, view: DataView, start: number, end: number, id = UNKNOWN): number {
    return this.table.add(context, view, start, end, id)
  }

  /** The id of a key. One that is not in the table is kept in parts; {@link UNKNOWN} if that cannot be. */
  idInParts(context: number, view: DataView, start: number, end: number): number {
    const known = this.find(context, view, start, end)
    if (known !== UNKNOWN) return known
    const list = this.#parts.add(view, start, end)
    this.#parts.keep(list)
    this.#hasLists = true
    const id = this.table.add(parentOfList(context), list, 0, list.byteLength)
    if (id === UNKNOWN) this.#parts.release({ view: list, start: 0, end: list.byteLength })
    return id
  }

  /** The id of the key that `splice` makes of that of `base`. {@link UNKNOWN} if it cannot be linked. */
  idLinked(base: number, context: number, splice: AttributeSplice): number {
    return this.#linked.idOf(base, context, splice)
  }

  /** Keeps the key of an id as it is, if it is linked: it was received. False if that cannot be. */
  keepWhole(id: number): boolean {
    const base = this.table.linkOf(id)
    if (base === UNKNOWN) return true
    const { parent, view, start, end } = this.#linked.of(id, base)
    if (this.addWhole(parent, view, start, end, id) === UNKNOWN) return false
    this.#linked.remove(id, base)
    return true
  }

  /**
   * The first key that an id was given for. One that is not kept as it came is valid until the next call.
   * @param cursor memory that the key may be in
   */
  of(id: number, cursor?: KeyCursor): StoredKey {
    const base = this.table.linkOf(id)
    if (base !== UNKNOWN) return this.#linked.of(id, base)
    const key = this.table.keyOf(id, cursor)
    return isList(key.parent) ? this.#parts.compose(key, parentOfList(key.parent)) : key
  }

  /** The rule by which a linked key is made; undefined if it is not linked. */
  ruleOf(id: number): LinkRule | undefined {
    return this.table.linkOf(id) === UNKNOWN ? undefined : this.#linked.ruleOf(id)
  }

  /** Called before the table removes an id. */
  release(id: number): void {
    const base = this.table.linkOf(id)
    if (base !== UNKNOWN) return this.#linked.remove(id, base)
    const key = this.table.keyOf(id)
    if (isList(key.parent)) this.#parts.release(key)
  }

  /** Gives memory back that no key is in. */
  *reclaim(): Stepwise<void> {
    yield* this.table.reclaim()
    yield* this.#parts.reclaim()
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.table.bytes + this.#parts.bytes + this.#linked.bytes
  }
}
