import { withRoom } from '../../model/columns.ts'
import type { ItemLimits } from '../../model/item-limits.ts'
import type { NewSeries } from '../../model/new-series.ts'
import { KeyBatch } from '../../model/series-table/key-batch.ts'
import { UNKNOWN } from '../../model/series-table/key-table.ts'
import { type LabelFlaw, LabelSetSeries, type SeriesContent } from '../prometheus/label-set-series.ts'
import { METRIC_TYPES } from '../prometheus/metric-types.ts'
import { ProtobufReader } from '../protobuf/reader.ts'
import { labelsIn, readLabels } from './labels.ts'

/** In place of the context of a key that is a label set as it stands in a request. Contexts have ids below it. */
const FIRST_PARENT = 2 ** 30
const CONTENTS: readonly SeriesContent[] = ['number', 'exponential_histogram', 'histogram']
/** Bytes of a character of names and values, at most, with its share of tags and lengths. */
const BYTES_PER_CHARACTER = 8

/** Bytes that cannot be a label set within the limits. */
export const mostLabelBytes = (limits: ItemLimits) => limits.max_identity_length * BYTES_PER_CHARACTER

/** @param name of the metric, for messages */
export type RefuseRows = (flaw: LabelFlaw, rows: number, content: SeriesContent, name: string) => void

/**
 * Finds the series of label sets by their bytes: labels as remote write 1.0 has them. Strings are decoded only for label
 * sets that were not seen lately. Label sets are added with the rows of their points, and found together.
 */
export class LabelSetFinder {
  readonly #newSeries: NewSeries
  readonly #series: LabelSetSeries
  readonly #mostBytes: number
  readonly #batch = new KeyBatch()
  /** By label set of the batch: the first row behind its own. */
  #ends = new Int32Array()
  /** By label set of the batch: a fault that was found before its bytes were made. */
  readonly #flaws = new Map<number, LabelFlaw>()
  /** The memory that the label sets of the batch are in. */
  #bytes: Buffer = Buffer.alloc(0)
  /** Rows of earlier batches. */
  #foundRows = 0
  /** By row, of earlier batches. */
  #ids = new Uint32Array()

  constructor(newSeries: NewSeries, limits: ItemLimits) {
    this.#newSeries = newSeries
    this.#series = new LabelSetSeries(newSeries, limits)
    this.#mostBytes = mostLabelBytes(limits)
  }

  /** Begins a request. */
  begin(): void {
    this.#foundRows = this.#batch.length = 0
    this.#flaws.clear()
  }

  /**
   * @param type number of the type in remote write
   * @param start of the labels in the memory that {@link findBatch} will get
   * @param end the first row behind the rows of this label set
   */
  add(type: number, content: SeriesContent, start: number, stop: number, end: number): void {
    const i = this.#batch.length
    if (i >= this.#ends.length) this.#ends = withRoom(this.#ends, i)
    this.#ends[i] = end
    this.#batch.add(FIRST_PARENT + CONTENTS.indexOf(content) * METRIC_TYPES.length + type, start, stop)
  }

  /** The rows up to `end` are of a label set that is not taken. */
  addFlaw(flaw: LabelFlaw, content: SeriesContent, end: number): void {
    this.#flaws.set(this.#batch.length, flaw)
    this.add(0, content, 0, 0, end)
  }

  /**
   * Finds the series of the label sets added since the last batch.
   * @param refuse called for each label set without one
   */
  findBatch(bytes: Buffer, view: DataView, refuse: RefuseRows): void {
    const batch = this.#batch
    this.#bytes = bytes
    batch.view = view
    this.#newSeries.table.findAll(batch)
    let row = this.#foundRows
    for (let i = 0; i < batch.length; i++) {
      const end = this.#ends[i]
      let id: number | LabelFlaw = batch.ids[i]
      if (id === UNKNOWN) id = this.#receive(i)
      if (typeof id === 'string') {
        refuse(id, end - row, this.#contentOf(i), this.#nameOf(i))
        id = UNKNOWN
      }
      if (end > this.#ids.length) this.#ids = withRoom(this.#ids, end)
      this.#ids.fill(id, row, end)
      row = end
    }
    this.#foundRows = row
    batch.length = 0
    this.#flaws.clear()
  }

  /** Fills `ids` with the ids of all rows. Those without a series have {@link UNKNOWN}. */
  copyIds(ids: Uint32Array): void {
    ids.set(this.#ids.subarray(0, this.#foundRows))
  }

  #contentOf(i: number): SeriesContent {
    return CONTENTS[Math.floor((this.#batch.parents[i] - FIRST_PARENT) / METRIC_TYPES.length)]
  }

  #receive(i: number): number | LabelFlaw {
    const flaw = this.#flaws.get(i)
    if (flaw !== undefined) return flaw
    const { view, parents, starts, ends } = this.#batch
    const { table } = this.#newSeries
    const start = starts[i]
    const end = ends[i]
    // An earlier label set of this request may be the same.
    const known = table.find(parents[i], view, start, end)
    if (known !== UNKNOWN) return known
    if (end - start > this.#mostBytes) return 'identity_too_long'
    const reader = new ProtobufReader(this.#bytes, start, end)
    const labels = readLabels(reader)
    if (reader.replacedTexts > 0) return 'invalid_utf8'
    const type = METRIC_TYPES[(parents[i] - FIRST_PARENT) % METRIC_TYPES.length]
    const id = this.#series.idOf(labels, type, this.#contentOf(i))
    if (typeof id === 'number') table.addSpelling(id, parents[i], view, start, end)
    return id
  }

  /** For messages. */
  #nameOf(i: number): string {
    const { starts, ends } = this.#batch
    if (ends[i] - starts[i] > this.#mostBytes) return ''
    return labelsIn(this.#bytes, starts[i], ends[i]).find(([name]) => name === '__name__')?.[1] ?? ''
  }
}
