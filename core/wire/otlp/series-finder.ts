import { readAttributes } from '../../model/any-value.ts'
import { type ItemFlaw, type ItemLimits, measureAll, measureAttributes } from '../../model/item-limits.ts'
import type { NewSeries } from '../../model/new-series.ts'
import { attributesField, PlainAttributes } from '../../model/series-table/attribute-bytes.ts'
import { KeyBatch } from '../../model/series-table/key-batch.ts'
import { NO_PARENT, UNKNOWN } from '../../model/series-table/key-table.ts'
import { lengthTag, ProtobufReader } from '../protobuf/reader.ts'
import type { FieldSpan } from './field-span.ts'
import { type MetricNode, mostIdentityBytes } from './header-cache.ts'

/** The points of one metric, from the end of those before. */
interface Run {
  readonly node: MetricNode
  readonly end: number
}

/**
 * Finds the series of all points of a body together. Points are added with their attributes as they stand in the body;
 * strings are decoded only for attributes that were not seen lately.
 */
export class SeriesFinder {
  readonly #newSeries: NewSeries
  readonly #limits: ItemLimits
  readonly #mostBytes: number
  readonly #batch = new KeyBatch()
  readonly #plain = new PlainAttributes()
  #runs: Run[] = []
  /** By point: attributes that stand apart, side by side. */
  readonly #apart = new Map<number, Buffer>()
  #bytes: Buffer = Buffer.alloc(0)
  #replacedTexts = 0

  constructor(newSeries: NewSeries, limits: ItemLimits) {
    this.#newSeries = newSeries
    this.#limits = limits
    this.#mostBytes = mostIdentityBytes(limits)
  }

  /** Begins a body. */
  begin({ bytes, view }: ProtobufReader): void {
    this.#bytes = bytes
    this.#batch.begin(view)
    this.#runs = []
    this.#apart.clear()
  }

  /** A point whose attributes are in the body. */
  add(start: number, end: number): void {
    this.#batch.add(NO_PARENT, start, end)
  }

  /** A point with the attributes in `span`. */
  addSpan({ bytes, view, start, end }: FieldSpan): void {
    const batch = this.#batch
    if (view === batch.view) return this.add(start, end)
    this.#apart.set(batch.length, Buffer.from(bytes.subarray(start, end)))
    this.add(0, 0)
  }

  /** Discards points from that with this index on; attributes of none of them may stand apart. */
  discardFrom(index: number): void {
    this.#batch.length = index
  }

  /** The points added since the last call are of `node`. */
  endMetric(node: MetricNode): void {
    const { length, parents } = this.#batch
    const begin = this.#runs.at(-1)?.end ?? 0
    parents.fill(node.context, begin, length)
    if (this.#apart.size > 0) for (let i = begin; i < length; i++) if (this.#apart.has(i)) parents[i] = NO_PARENT
    this.#runs.push({ node, end: length })
  }

  /**
   * Fills `ids` with the ids of all points. Those without a series get {@link UNKNOWN}.
   * @param refuse called for each of these
   */
  find(ids: Uint32Array, refuse: (flaw: ItemFlaw, metric: string) => void): void {
    const batch = this.#batch
    this.#newSeries.table.findAll(batch)
    let i = 0
    for (const { node, end } of this.#runs)
      for (; i < end; i++) {
        if (batch.ids[i] !== UNKNOWN) continue
        const id = this.#receive(node, i)
        if (typeof id === 'number') batch.ids[i] = id
        else refuse(id, node.metric.name)
      }
    ids.set(batch.ids.subarray(0, batch.length))
  }

  /** Strings that were not UTF-8, of attributes not seen lately, since this was asked last. */
  takeReplacedTexts(): number {
    const replaced = this.#replacedTexts
    this.#replacedTexts = 0
    return replaced
  }

  #receive(node: MetricNode, i: number): number | ItemFlaw {
    const apart = this.#apart.get(i)
    const { view, starts, ends } = this.#batch
    if (apart === undefined) return this.#idOf(node, this.#bytes, view, starts[i], ends[i])
    const viewOfApart = new DataView(apart.buffer, apart.byteOffset, apart.length)
    return this.#idOf(node, apart, viewOfApart, 0, apart.length)
  }

  /** The series of attributes that were not found, or why there cannot be one. */
  #idOf(node: MetricNode, bytes: Buffer, view: DataView, start: number, end: number): number | ItemFlaw {
    const { context, length, metric } = node
    if (typeof length === 'string') return length
    const { table } = this.#newSeries
    // An earlier point of this body may have added it.
    const known = table.find(context, view, start, end)
    if (known !== UNKNOWN) return known
    if (end - start > this.#mostBytes) return 'identity_too_long'
    const tag = lengthTag(attributesField(metric.kind))
    const plain = this.#plain.measure(bytes, start, end, tag, this.#limits)
    if (plain === undefined) return this.#decode(node, bytes, view, start, end)
    const measured = measureAll(this.#limits, length, plain)
    if (typeof measured === 'string') return measured
    const id = table.receiveKey(context, view, start, end)
    if (id === UNKNOWN) return 'too_many_series'
    this.#newSeries.addKey({ start, end })
    return id
  }

  #decode({ context, length, metric }: MetricNode, bytes: Buffer, view: DataView, start: number, end: number) {
    const { table } = this.#newSeries
    const reader = new ProtobufReader(bytes, start, end)
    const attributes = readAttributes(reader, lengthTag(attributesField(metric.kind)))
    this.#replacedTexts += reader.replacedTexts
    const measured = measureAll(this.#limits, length, measureAttributes(attributes, this.#limits))
    if (typeof measured === 'string') return measured
    const { made } = table
    const id = table.receive(context, attributes)
    if (id === UNKNOWN) return 'too_many_series'
    if (table.made > made) this.#newSeries.addKey(table.keyOf(id))
    table.addSpelling(id, context, view, start, end)
    return id
  }
}
