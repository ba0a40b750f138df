import type { Attributes } from '../attributes.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE, type Resource, type Scope } from '../series.ts'
import type { Stepwise } from '../stepwise.ts'
import { AttributeWriter, attributesField, attributesOf } from './attribute-bytes.ts'
import type { AttributeSplice } from './attribute-splice.ts'
import { IdColumn, type SeriesFacts } from './id-column.ts'
import { type IdHolder, IdLifetimes, type Lease } from './id-lifetimes.ts'
import type { KeyBatch } from './key-batch.ts'
import type { KeyHash } from './key-hash.ts'
import { KeyTable, UNKNOWN } from './key-table.ts'
import type { LinkRule } from './link-rules.ts'
import { ReceivedSeries } from './received-series.ts'
import { type SeriesContext, SeriesContexts } from './series-contexts.ts'
import { SeriesKeys } from './series-keys.ts'
import { SeriesView } from './series-view.ts'
import { SeriesViews } from './series-views.ts'
import type { KeyCursor, StoredKey } from './stored-key.ts'

export interface SeriesTableOptions {
  /** Most series that receivers may add. Those that are derived from them are not counted. */
  readonly maxSeries?: number
  readonly hash?: KeyHash
}

/**
 * The identity of a stream of points, as an object over its entry in a table. There is one object for each identity, as
 * long as anybody keeps it: compare by `===`. As long as it is kept, its id means this series.
 */
export class Series extends SeriesView<SeriesTable> {}

/**
 * All series of a process, in columns outside of the garbage collector's heap. A series is a dense id. Its key is the
 * id of its context and the bytes of its attributes.
 */
export class SeriesTable {
  /** Series added since the start. */
  made = 0
  /** False while the sender of what is decoded may add no series. */
  mayGrow = true
  readonly #keys: SeriesKeys
  readonly #contexts = new SeriesContexts()
  readonly #lifetimes: IdLifetimes
  readonly #views: SeriesViews<Series>
  readonly #writer = new AttributeWriter()
  /** By id. */
  readonly #contextOf = new IdColumn()
  readonly #received: ReceivedSeries
  #columns: WeakRef<SeriesFacts>[] = []
  #scratch: DataView = new DataView(new ArrayBuffer(0))

  constructor({ maxSeries = Number.POSITIVE_INFINITY, hash }: SeriesTableOptions = {}) {
    this.#received = new ReceivedSeries(maxSeries)
    this.#keys = new SeriesKeys(hash, {
      contextOf: id => this.contextIdOf(id),
      kindOf: context => this.#contexts.at(context).metric.kind,
      seriesOf: context => this.#contexts.seriesOf(context),
      found: id => this.see(id)
    })
    this.#lifetimes = new IdLifetimes(this.#keys.table, id => this.#remove(id))
    this.#views = new SeriesViews(id => this.read(id))
  }

  /** The series of this identity. `attributes` are sorted, as everywhere. */
  intern(metric: Metric, attributes: Attributes, resource: Resource = NO_RESOURCE, scope: Scope = NO_SCOPE): Series {
    return this.at(this.idOf(metric, attributes, resource, scope))
  }

  /** The id of this identity. */
  idOf(metric: Metric, attributes: Attributes, resource: Resource = NO_RESOURCE, scope: Scope = NO_SCOPE): number {
    return this.idIn(this.contextOf(metric, resource, scope), attributes)
  }

  /** The id of these attributes in a context. */
  idIn(context: number, attributes: Attributes): number {
    const { view, start, end } = this.#canonical(context, attributes)
    return this.#idInParts(context, view, start, end)
  }

  /** Finds or adds series that were received once, by their attributes in canonical bytes, in contexts. */
  addAll(batch: KeyBatch): void {
    this.#keys.addAllWhole(batch, i => this.#added(batch.ids[i], batch.parents[i], batch.ends[i] - batch.starts[i]))
  }

  /** The same for a series that a receiver got; {@link UNKNOWN} if it is new and there is no room for more. */
  receive(context: number, attributes: Attributes): number {
    const { view, start, end } = this.#canonical(context, attributes)
    const known = this.#keys.find(context, view, start, end)
    return known === UNKNOWN ? this.#receive(context, view, start, end) : known
  }

  /** The same for attributes that {@link find} does not know, in canonical bytes. */
  receiveKey(context: number, view: DataView, start: number, end: number): number {
    const known = this.#keys.find(context, view, start, end)
    if (known === UNKNOWN) return this.#receive(context, view, start, end)
    this.addSpelling(known, context, view, start, end)
    return known
  }

  /** Remembers other bytes that mean the attributes of `id`. */
  addSpelling(id: number, context: number, view: DataView, start: number, end: number): void {
    if (!this.#received.mayBeSpelled(id) || !this.#keys.keepWhole(id)) return
    if (this.find(context, view, start, end) !== UNKNOWN) return
    if (this.#keys.addWhole(context, view, start, end, id) === UNKNOWN) return
    this.#received.addSpelling(id, KeyTable.bytesOf(end - start))
  }

  /** Finds the series of attributes by their bytes, in contexts. */
  findAll(batch: KeyBatch): void {
    this.#keys.findAllWhole(batch)
  }

  find(context: number, view: DataView, start: number, end: number): number {
    return this.#keys.findWhole(context, view, start, end)
  }

  /** The id of the series that has the attributes of `id` in another context. */
  idInContext(id: number, context: number): number {
    const own = this.contextIdOf(id)
    if (own === context) return id
    const kind = this.#contexts.at(context).metric.kind
    const isMovable = attributesField(this.#contexts.at(own).metric.kind) === attributesField(kind)
    if (!isMovable) return this.idIn(context, this.read(id).attributes)
    const { view, start, end } = this.keyOf(id)
    return this.#idInParts(context, view, start, end)
  }

  /** The id of the series of a context that has the attributes of `id`, and others; undefined if `splice` cannot add them. */
  idWith(id: number, context: number, splice: AttributeSplice): number | undefined {
    const { size } = this
    const linked = this.#keys.idLinked(id, context, splice)
    if (linked !== UNKNOWN) return this.size === size ? linked : this.#added(linked, context, 0)
    const joined = splice.join(this.keyOf(id), this.#contexts.at(context).metric.kind)
    return joined && this.#idInParts(context, joined.view, joined.start, joined.end)
  }

  /** The id of a context: of all parts of an identity but its attributes. */
  contextOf(metric: Metric, resource: Resource, scope: Scope): number {
    return this.#contexts.idOf(metric, resource, scope, this.#keys.table.epoch)
  }

  /** Ids of contexts found before this has changed may mean others. */
  get removedContexts(): number {
    return this.#contexts.removed
  }

  /** The series as an object, for as long as anybody keeps it. Until then the id means that series. */
  at(id: number): Series {
    return this.#views.at(id)
  }

  /** The same for a moment: the object must not be kept. */
  read(id: number): Series {
    const context = this.#contexts.at(this.contextIdOf(id))
    const readAttributes = () => {
      const { view, start, end } = this.keyOf(id)
      return attributesOf(Buffer.from(view.buffer), start, end, context.metric.kind)
    }
    return new Series(id, this, context, readAttributes)
  }

  /** Undefined for an id that means no series now. */
  originOf(id: number): 'received' | 'made' | undefined {
    return this.#keys.table.isUsed(id) ? this.#received.originOf(id) : undefined
  }

  contextIdOf(id: number): number {
    return this.#contextOf.get(id)
  }

  /**
   * The attributes of a series in canonical bytes, which are valid until the next call.
   * @param cursor memory that the key may be in
   */
  keyOf(id: number, cursor?: KeyCursor): StoredKey {
    return this.#keys.of(id, cursor)
  }

  /** The id of the series that the key of `id` is linked to, or `id`. */
  baseOf(id: number): number {
    const base = this.#keys.table.linkOf(id)
    return base === UNKNOWN ? id : base
  }

  /** How its key is linked to that of {@link baseOf}; undefined if it is not. */
  linkRuleOf(id: number): LinkRule | undefined {
    return this.#keys.ruleOf(id)
  }

  context(context: number): SeriesContext {
    return this.#contexts.at(context)
  }

  metricOf(id: number): Metric {
    return this.#contexts.at(this.#contextOf.get(id)).metric
  }

  resourceOf(id: number): Resource {
    return this.#contexts.at(this.#contextOf.get(id)).resource
  }

  /** To be kept with ids that were found just now. */
  get lease(): Lease {
    return this.#lifetimes.lease
  }

  /** The id counts as seen: blocks of this epoch may have it. */
  see(id: number): void {
    const base = this.baseOf(id)
    if (base !== id) this.#lifetimes.hold(id)
    this.#keys.table.see(base)
  }

  /** A column by id. An id that goes gets the value `fill` again. Held weakly. */
  idColumn(fill = 0): IdColumn {
    const column = new IdColumn(fill)
    this.addColumn(column)
    return column
  }

  /** Facts that are kept by id. Held weakly. */
  addColumn(facts: SeriesFacts): void {
    this.#columns.push(new WeakRef(facts))
  }

  /** A state that has ids for longer than any block. Held weakly. */
  addHolder(holder: IdHolder): void {
    this.#lifetimes.addHolder(holder)
  }

  /** True if receivers may add no more series. */
  get isFull(): boolean {
    return this.#received.isFull(this.#contexts.bytes + this.#keys.table.freeBytes)
  }

  /** True if blocks of an earlier epoch are there, or the garbage collector has not looked at them yet. */
  get hasOldBlocks(): boolean {
    return this.#lifetimes.hasOldBlocks
  }

  get size(): number {
    return this.#keys.table.size
  }

  /** All ids are below this. */
  get length(): number {
    return this.#keys.table.length
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return (
      this.#keys.bytes + this.#contexts.bytes + this.#lifetimes.bytes + this.#received.bytes + this.#contextOf.bytes
    )
  }

  /** Removes series that nobody uses, and were not seen in the last epochs. @param idle epochs, 1 at least */
  *expireIdle(idle: number): Stepwise<void> {
    this.#columns = this.#columns.filter(column => column.deref() !== undefined)
    yield* this.#lifetimes.expire(idle, id => this.#views.isKept(id))
    yield* this.#views.prune()
    yield* this.#keys.reclaim()
    yield* this.#contexts.removeIdle(this.#keys.table.epoch - idle)
  }

  #receive(context: number, view: DataView, start: number, end: number): number {
    if (!this.mayGrow || this.isFull) return UNKNOWN
    const id = this.#added(this.#keys.addWhole(context, view, start, end), context, end - start)
    this.#received.add(id, KeyTable.bytesOf(end - start))
    return id
  }

  #idInParts(context: number, view: DataView, start: number, end: number): number {
    const { size } = this
    const id = this.#keys.idInParts(context, view, start, end)
    return id !== UNKNOWN && this.size === size ? id : this.#added(id, context, end - start)
  }

  #added(id: number, context: number, keyLength: number): number {
    if (id === UNKNOWN) throw new RangeError(`a series has ${keyLength} bytes of attributes, which is too many`)
    this.#contextOf.set(id, context)
    this.#contexts.count(context, 1)
    this.made++
    return id
  }

  #canonical(context: number, attributes: Attributes): { view: DataView; start: number; end: number } {
    const { buffer, byteOffset, length } = this.#writer.write(attributes, this.#contexts.at(context).metric.kind)
    if (this.#scratch.buffer !== buffer) this.#scratch = new DataView(buffer)
    return { view: this.#scratch, start: byteOffset, end: byteOffset + length }
  }

  #remove(id: number): void {
    this.#contexts.count(this.contextIdOf(id), -1)
    this.#received.remove(id, this.#keys.table.bytesOf(id))
    for (const column of this.#columns) column.deref()?.clear(id)
    this.#keys.release(id)
  }
}
