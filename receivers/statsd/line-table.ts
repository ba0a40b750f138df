import { IdColumn, PagedColumn } from '../../core/model/series-table/id-column.ts'
import type { IdHolder } from '../../core/model/series-table/id-lifetimes.ts'
import type { KeyBatch } from '../../core/model/series-table/key-batch.ts'
import { KeyTable, UNKNOWN } from '../../core/model/series-table/key-table.ts'
import type { SeriesTable } from '../../core/model/series-table/series-table.ts'

/** Memory of a line for which there is room, in use and free. Where lines are larger, fewer fit. */
const BYTES_PER_LINE = 2048
const BYTES_PER_LINE_IN_USE = BYTES_PER_LINE / 2
/** Pages of tables are this large even if they hold little. */
const LEAST_BYTES = 16 * 2 ** 20
const COLUMN_BYTES = 16

/** Types of lines, and the kinds of their points. */
export const COUNTER = 1
export const GAUGE = 2
export const SET = 3
export const TIMER = 4
export const HISTOGRAM = 5
export type LineKind = typeof COUNTER | typeof GAUGE | typeof SET | typeof TIMER | typeof HISTOGRAM
/** A line's byte has its kind, and above that its age: how often it was looked at since it was sent last. */
const KIND = 7
const ONE_AGE = 8
const OLDEST = 31 * ONE_AGE
/** Epochs of the series table in which nobody sent a line, and its series may go. */
const IDLE_AGE = 4 * ONE_AGE
/** In place of the kind of an idle line, whose meaning has to be read anew. */
export const IDLE = 0

/** The meaning of a line without its value and its time. */
export interface Meaning {
  readonly kind: LineKind
  readonly rate: number
  /** The id of its series. */
  readonly series: number
}

/** Most bytes that a table for so many lines takes. */
export const lineTableBytes = (maxLines: number) => Math.max(LEAST_BYTES, maxLines * BYTES_PER_LINE)

/**
 * Remembers the meaning of lines by their bytes: the name and the text behind the value, side by side, with the length
 * of the name as the key's parent. If there is no room, a line goes that was not sent again since it was looked at last
 * ("clock" replacement): lines that are sent once do not push out those in use.
 */
export class LineTable implements IdHolder {
  /** Lines removed for want of room. Ids found before the last one may mean another line. */
  evicted = 0
  readonly #maxLines: number
  #keys = new KeyTable()
  /** By id: the kind and the age; 0 if there is no such line. */
  readonly #marks = new PagedColumn(Uint8Array)
  readonly #series = new IdColumn()
  readonly #rates = new PagedColumn(Float64Array, 1)
  #bytes = 0
  /** The id that is looked at next when there is no room. */
  #hand = 0

  constructor(table: SeriesTable, maxLines: number) {
    this.#maxLines = maxLines
    table.addHolder(this)
  }

  /** Memory of keys, in use and free, in bytes. */
  get reservedBytes(): number {
    return this.#keys.reservedBytes
  }

  findAll(batch: KeyBatch): void {
    this.#keys.findAll(batch)
  }

  /** The id of a line, or {@link UNKNOWN}. */
  find(nameLength: number, view: DataView, end: number): number {
    return this.#keys.find(nameLength, view, 0, end)
  }

  /** Adds a line that is not known, or was idle. One that is too large is not remembered. */
  add(nameLength: number, view: DataView, end: number, meaning: Meaning): void {
    const id = this.find(nameLength, view, end)
    if (id !== UNKNOWN) return this.#set(id, meaning)
    const bytes = KeyTable.bytesOf(end) + COLUMN_BYTES
    const mostBytes = this.#maxLines * BYTES_PER_LINE_IN_USE
    if (bytes > mostBytes) return
    if (this.reservedBytes > lineTableBytes(this.#maxLines)) this.#clear()
    while (this.#keys.size >= this.#maxLines || this.#bytes + bytes > mostBytes) this.#evict()
    const added = this.#keys.add(nameLength, view, 0, end)
    if (added === UNKNOWN) return
    this.#bytes += bytes
    this.#set(added, meaning)
  }

  /** The kind of a line, which was sent now; {@link IDLE} if it was not for long. */
  use(id: number): LineKind | typeof IDLE {
    const mark = this.#marks.get(id)
    if (isIdle(mark)) return IDLE
    if (mark >= ONE_AGE) this.#marks.set(id, mark & KIND)
    return (mark & KIND) as LineKind
  }

  rateOf(id: number): number {
    return this.#rates.get(id)
  }

  seriesOf(id: number): number {
    return this.#series.get(id)
  }

  /** The series of gauges; one of several lines comes several times. */
  *gauges(): Generator<number> {
    for (let id = 0; id < this.#keys.length; id++)
      if ((this.#marks.get(id) & KIND) === GAUGE) yield this.#series.get(id)
  }

  /**
   * An epoch of the series table begins. The series of idle lines can go. Those of gauges stay: a later line may move
   * them from their last values.
   */
  holdIds(hold: (id: number) => void): void {
    for (let id = 0; id < this.#keys.length; id++) {
      const mark = this.#marks.get(id)
      if (mark === 0) continue
      if (mark < OLDEST) this.#marks.set(id, mark + ONE_AGE)
      if (!isIdle(mark)) hold(this.#series.get(id))
    }
  }

  #set(id: number, { kind, rate, series }: Meaning): void {
    this.#marks.set(id, kind + ONE_AGE)
    this.#series.set(id, series)
    this.#rates.set(id, rate)
  }

  /** Ends, at the latest, when all lines were looked at once: the first of them has an age then. */
  #evict(): void {
    for (;;) {
      const id = this.#hand
      this.#hand = id + 1 < this.#keys.length ? id + 1 : 0
      const mark = this.#marks.get(id)
      if (mark >= ONE_AGE) {
        this.evicted++
        return this.#remove(id)
      }
      if (mark > 0) this.#marks.set(id, mark + ONE_AGE)
    }
  }

  #remove(id: number): void {
    this.#bytes -= this.#keys.bytesOf(id) + COLUMN_BYTES
    this.#keys.remove(id)
    this.#marks.clear(id)
    this.#rates.clear(id)
  }

  // Memory of a removed key is used again for one of the same length. Lengths that change on and on would take more and
  // more of it.
  #clear(): void {
    this.evicted++
    this.#keys = new KeyTable()
    this.#marks.reset()
    this.#rates.reset()
    this.#bytes = this.#hand = 0
  }
}

const isIdle = (mark: number) => mark >= IDLE_AGE && (mark & KIND) !== GAUGE
