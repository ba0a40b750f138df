import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import { type Attributes, sortAttributes } from '../../../../core/model/attributes.ts'
import { type PointBlock, PointBlockBuilder } from '../../../../core/model/points.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { SeriesSlots } from '../../../../core/model/series-slots.ts'
import { AttributeWriter } from '../../../../core/model/series-table/attribute-bytes.ts'
import { AttributeSplice } from '../../../../core/model/series-table/attribute-splice.ts'
import { KeyBatch } from '../../../../core/model/series-table/key-batch.ts'
import type { KeyHash } from '../../../../core/model/series-table/key-hash.ts'
import { type Series, SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough, type Stepwise } from '../../../../core/model/stepwise.ts'
import { collectGarbage } from '../../../garbage.ts'
import { expireIdle } from './idle-series.ts'

export type Identity = readonly [name: Metric, attributes: Attributes]

/** By which an id is kept. */
export type Keeper = 'holder' | 'object' | 'block'

const RESERVED = ['window', 'late']
/** Bytes before those of a batch. */
const OFFSET = 5

interface Kept {
  readonly identity: Identity
  readonly text: string
  /** Undefined if the holder has the id. */
  readonly by: Series | PointBlock | undefined
}

/** A table, and what it must say: the identities of all ids that somebody keeps. */
export class CheckedTable {
  readonly table: SeriesTable
  readonly #kept = new Map<number, Kept>()
  readonly #added: readonly Attributes[]
  readonly #splices: readonly AttributeSplice[]
  readonly #writer = new AttributeWriter()
  #keeper: Keeper = 'holder'
  #expiry: Stepwise<void> | undefined

  /** @param added attributes of derived series */
  constructor(hash: KeyHash, added: readonly Attributes[]) {
    this.table = new SeriesTable({ hash })
    this.#added = added
    this.#splices = added.map(one => new AttributeSplice(one, RESERVED))
    this.table.addHolder(this)
  }

  *holdIds(hold: (id: number) => void): Stepwise<void> {
    for (const [id, { by }] of this.#kept) {
      if (by === undefined) hold(id)
      yield
    }
  }

  /** Ids that are found from now on. */
  keepBy(keeper: Keeper): void {
    this.#keeper = keeper
  }

  intern(identity: Identity): void {
    this.#check(this.table.idOf(...identity), identity)
  }

  receive(identity: Identity): void {
    this.#check(this.table.receive(this.#contextOf(identity[0]), identity[1]), identity)
  }

  /** As a restored state or an entry of the journal does. */
  receiveAll(identities: readonly Identity[]): void {
    const keys = identities.map(identity => this.#bytesOf(identity))
    const view = new DataView(Uint8Array.from(Buffer.concat([Buffer.alloc(OFFSET), ...keys])).buffer, OFFSET)
    const batch = new KeyBatch()
    batch.begin(view)
    let at = 0
    for (const [i, key] of keys.entries()) batch.add(this.#contextOf(identities[i][0]), at, (at += key.length))
    this.table.addAll(batch)
    for (const [i, identity] of identities.entries()) this.#check(batch.ids[i], identity)
  }

  /** With a length that is longer than it need be. */
  spell(one: number): void {
    const id = this.#id(one)
    if (id === undefined) return
    const { identity } = this.#kept.get(id)!
    const key = this.#bytesOf(identity)
    if (key.length === 0 || key[1] > 0x7f) return
    const spelled = Uint8Array.from([key[0], key[1] | 0x80, 0, ...key.subarray(2)])
    this.table.see(id)
    this.table.addSpelling(id, this.#contextOf(identity[0]), new DataView(spelled.buffer), 0, spelled.length)
  }

  /** As a state that is restored. */
  restore(one: number): void {
    const id = this.#id(one)
    if (id === undefined) return
    const slots = new SeriesSlots(this.table)
    slots.add(id)
    const restored = new SeriesSlots(this.table)
    restored.restore(runThrough(slots.save()))
    assert.equal(restored.idOf(0), id)
  }

  /** @param added index of the attributes */
  derive(one: number, name: Metric, added: number): void {
    const id = this.#id(one)
    if (id === undefined) return
    const [, attributes] = this.#kept.get(id)!.identity
    const derived = this.table.idWith(id, this.#contextOf(name), this.#splices[added])
    const isPlain = attributes.every(([key]) => /^[\0-\x7f]*$/.test(key) && !RESERVED.includes(key))
    assert.equal(derived !== undefined, isPlain)
    if (derived !== undefined) this.#check(derived, [name, sortAttributes([...attributes, ...this.#added[added]])])
  }

  /** A state emits a block with an id, for instance, or has one of a block from now on. The id is not looked up. */
  handOn(one: number): void {
    const id = this.#id(one)
    if (id === undefined) return
    const kept = this.#kept.get(id)!
    if ((kept.by === undefined) !== (this.#keeper === 'holder')) this.#kept.set(id, { ...kept, by: this.#keep(id) })
  }

  /** All are let go, or every second, third or fourth one. */
  release(each: number): void {
    for (const [i, id] of [...this.#kept.keys()].entries()) if (i % each === 0) this.#kept.delete(id)
  }

  /** Other operations come between the steps. */
  async step(steps: number): Promise<void> {
    if (this.#expiry === undefined) {
      await setImmediate()
      collectGarbage()
    }
    this.#expiry ??= this.table.expireIdle(1)
    for (let left = steps; left > 0 && this.#expiry !== undefined; left--)
      if (this.#expiry.next().done) this.#expiry = undefined
  }

  async expire(): Promise<void> {
    await this.step(Number.POSITIVE_INFINITY)
    await expireIdle(this.table)
  }

  /** Marks no series as seen: between the steps of an expiry those that are kept must stay by themselves. */
  checkAll(): void {
    for (const [id, { identity, text }] of this.#kept) {
      const { metric, attributes } = this.table.read(id)
      assert.equal(textOf([metric, attributes]), text)
      const { parent, view, start, end } = this.table.keyOf(id)
      assert.equal(parent, this.table.contextIdOf(id))
      assert.deepEqual(Buffer.from(new Uint8Array(view.buffer, start, end - start)), this.#bytesOf(identity))
    }
  }

  /** All are found by their identities, which marks them as seen. */
  findAll(): void {
    for (const [id, { identity }] of this.#kept) assert.equal(this.table.idOf(...identity), id)
  }

  #id(one: number): number | undefined {
    return [...this.#kept.keys()][one % this.#kept.size]
  }

  #contextOf(name: Metric): number {
    return this.table.contextOf(name, NO_RESOURCE, NO_SCOPE)
  }

  #bytesOf([name, attributes]: Identity): Buffer {
    return Buffer.from(this.#writer.write(attributes, name.kind))
  }

  #check(id: number, identity: Identity): void {
    const text = textOf(identity)
    for (const [other, { text: otherText }] of this.#kept)
      assert.equal(other === id, otherText === text, `${text} and ${otherText}`)
    this.#kept.set(id, { identity, text, by: this.#keep(id) })
  }

  #keep(id: number): Series | PointBlock | undefined {
    if (this.#keeper === 'holder') return undefined
    if (this.#keeper === 'object') return this.table.at(id)
    const points = new PointBlockBuilder()
    points.addId(this.table, id, 0, 1)
    return points.build()
  }
}

const textOf = (identity: Identity) => JSON.stringify(identity)
