import { MergedHistogram } from '../../model/merged-histogram.ts'
import {
  restoreDistincts,
  restoreHistograms,
  type SavedDistincts,
  type SavedHistograms,
  saveDistincts,
  saveHistograms
} from '../../model/saved-sketches.ts'
import { DistinctCounter } from '../../model/sketch/distinct-counter.ts'
import { type BucketLimits, USUAL_LIMITS } from '../../model/sketch/exponential-counts.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { Extremes, Latest, type SavedExtremes, type SavedLatest } from './value-columns.ts'

const INITIAL_CAPACITY = 64
const COLUMN_BYTES = 20
/** Rows looked at, or copied, in well below a millisecond. */
const ROWS_PER_STEP = 64 * 1024

/** What is on disk: columns of the slots in use. */
export interface SavedPane {
  readonly slots: Int32Array
  readonly sums: Float64Array
  readonly counts: Float64Array
  readonly extremes: SavedExtremes | undefined
  readonly latest: SavedLatest | undefined
  readonly distinct: SavedDistincts
  readonly histograms: SavedHistograms
}

/**
 * Sums of one window, by group slot. An open-addressing table whose hash is the slot itself: slots are dense, so where
 * most groups are active it is as good as an array, and where few are it stays small.
 */
export class Pane {
  size = 0
  /** Slot + 1; 0 where empty. */
  keys = new Int32Array(INITIAL_CAPACITY)
  /** NaN where one of the histograms has none. */
  sums = new Float64Array(INITIAL_CAPACITY)
  counts = new Float64Array(INITIAL_CAPACITY)
  /** Columns like those above, where anything asks for them. */
  extremes: Extremes | undefined
  latest: Latest | undefined
  /** Of sets, by slot; `sums` counts their members as often as they came. */
  distinct: Map<number, DistinctCounter> | undefined
  /** By slot. */
  histograms: Map<number, MergedHistogram> | undefined
  #limits: BucketLimits

  /** @param limits of its histograms */
  constructor(limits: BucketLimits = USUAL_LIMITS) {
    this.#limits = limits
  }

  static from(saved: SavedPane, limits: BucketLimits): Pane {
    const pane = new Pane(limits)
    const { slots, sums, counts, extremes, latest } = saved
    pane.#becomeAtLeast(slots.length * 2)
    for (let i = 0; i < slots.length; i++) {
      const at = pane.place(slots[i])
      pane.sums[at] = sums[i]
      pane.counts[at] = counts[i]
      if (extremes !== undefined) pane.#extremes.restore(at, extremes, i)
      if (latest !== undefined) pane.#latest.restore(at, latest, i)
    }
    const distinct = new Map(restoreDistincts(saved.distinct))
    if (distinct.size > 0) pane.distinct = distinct
    const histograms = new Map(restoreHistograms(saved.histograms, limits))
    if (histograms.size > 0) pane.histograms = histograms
    return pane
  }

  add(slot: number, sum: number, count: number): void {
    const at = this.place(slot)
    this.sums[at] += sum
    this.counts[at] += count
  }

  /** Where the columns have `slot`; a row of zeros is made where they have not. */
  place(slot: number): number {
    const { keys } = this
    const mask = keys.length - 1
    const key = slot + 1
    let at = slot & mask
    while (keys[at] !== key) {
      if (keys[at] === 0) return this.#insert(slot)
      at = (at + 1) & mask
    }
    return at
  }

  /** -1 where it has none. */
  find(slot: number): number {
    const { keys } = this
    const mask = keys.length - 1
    for (let at = slot & mask; keys[at] !== 0; at = (at + 1) & mask) if (keys[at] === slot + 1) return at
    return -1
  }

  /** The least and greatest value at row `at` are of these, too. NaN where unknown. */
  extend(at: number, min: number, max: number): void {
    this.#extremes.extend(at, min, max)
  }

  /** The value at row `at` that is last in time is maybe this. */
  setLast(at: number, time: number, value: number): void {
    this.#latest.set(at, time, value)
  }

  /** What counts the members of a set; made where there is none. */
  distinctOf(slot: number): DistinctCounter {
    this.distinct ??= new Map()
    let counter = this.distinct.get(slot)
    if (counter === undefined) this.distinct.set(slot, (counter = new DistinctCounter()))
    return counter
  }

  /** What adds up the histograms of a group; made where there is none. */
  histogramOf(slot: number): MergedHistogram {
    this.histograms ??= new Map()
    let merged = this.histograms.get(slot)
    if (merged === undefined) this.histograms.set(slot, (merged = new MergedHistogram(this.#limits)))
    return merged
  }

  addAll(other: Pane): void {
    const { keys } = other
    for (let from = 0; from < keys.length; from++) if (keys[from] !== 0) this.#addRow(other, from)
    if (other.distinct !== undefined)
      for (const [slot, distinct] of other.distinct) this.distinctOf(slot).merge(distinct)
    if (other.histograms !== undefined)
      for (const [slot, histogram] of other.histograms) this.histogramOf(slot).merge(histogram)
  }

  /** A pane of what `slots` have here. */
  only(slots: Iterable<number>): Pane {
    const part = new Pane(this.#limits)
    for (const slot of slots) {
      const from = this.find(slot)
      if (from < 0) continue
      part.#addRow(this, from)
      const distinct = this.distinct?.get(slot)
      if (distinct !== undefined) part.distinctOf(slot).merge(distinct)
      const histogram = this.histograms?.get(slot)
      if (histogram !== undefined) part.histogramOf(slot).merge(histogram)
    }
    return part
  }

  *save(): Stepwise<SavedPane> {
    const { extremes, latest } = this
    const { slots, rows } = yield* this.#used()
    return {
      slots,
      sums: yield* rowsOf(this.sums, rows),
      counts: yield* rowsOf(this.counts, rows),
      extremes: extremes && { mins: yield* rowsOf(extremes.mins, rows), maxs: yield* rowsOf(extremes.maxs, rows) },
      latest: latest && { times: yield* rowsOf(latest.times, rows), values: yield* rowsOf(latest.values, rows) },
      distinct: yield* saveDistincts(this.distinct ?? []),
      histograms: yield* saveHistograms(this.histograms ?? [])
    }
  }

  get bytes(): number {
    let columns = COLUMN_BYTES
    if (this.extremes !== undefined) columns += 16
    if (this.latest !== undefined) columns += 16
    let bytes = this.keys.length * columns
    if (this.distinct !== undefined) for (const distinct of this.distinct.values()) bytes += distinct.bytes
    if (this.histograms !== undefined) for (const histogram of this.histograms.values()) bytes += histogram.bytes
    return bytes
  }

  get #extremes(): Extremes {
    return (this.extremes ??= new Extremes(this.keys.length))
  }

  get #latest(): Latest {
    return (this.latest ??= new Latest(this.keys.length))
  }

  /** Slots in the order of the table, and the rows they are in. */
  *#used(): Stepwise<{ readonly slots: Int32Array; readonly rows: Int32Array }> {
    const { keys } = this
    const slots = new Int32Array(memoryFor(this.size * 4))
    const rows = new Int32Array(memoryFor(this.size * 4))
    let i = 0
    for (let from = 0; from < keys.length; from += ROWS_PER_STEP) {
      const to = Math.min(keys.length, from + ROWS_PER_STEP)
      for (let at = from; at < to; at++) {
        if (keys[at] === 0) continue
        slots[i] = keys[at] - 1
        rows[i++] = at
      }
      yield
    }
    return { slots, rows }
  }

  #addRow(other: Pane, from: number): void {
    const at = this.place(other.keys[from] - 1)
    this.sums[at] += other.sums[from]
    this.counts[at] += other.counts[from]
    if (other.extremes !== undefined) this.extend(at, other.extremes.mins[from], other.extremes.maxs[from])
    if (other.latest !== undefined) this.setLast(at, other.latest.times[from], other.latest.values[from])
  }

  #insert(slot: number): number {
    this.#becomeAtLeast((this.size + 1) * 2)
    const { keys } = this
    const mask = keys.length - 1
    let at = slot & mask
    while (keys[at] !== 0) at = (at + 1) & mask
    keys[at] = slot + 1
    this.size++
    return at
  }

  #becomeAtLeast(wanted: number): void {
    let capacity = this.keys.length
    while (capacity < wanted) capacity *= 2
    if (capacity === this.keys.length) return
    const { keys, sums, counts, extremes, latest } = this
    this.keys = new Int32Array(capacity)
    this.sums = new Float64Array(capacity)
    this.counts = new Float64Array(capacity)
    this.extremes = extremes && new Extremes(capacity)
    this.latest = latest && new Latest(capacity)
    this.size = 0
    for (let from = 0; from < keys.length; from++) {
      if (keys[from] === 0) continue
      const at = this.#insert(keys[from] - 1)
      this.sums[at] = sums[from]
      this.counts[at] = counts[from]
      if (extremes !== undefined) this.#extremes.restore(at, extremes, from)
      if (latest !== undefined) this.#latest.restore(at, latest, from)
    }
  }
}

function* rowsOf(column: Float64Array, rows: Int32Array): Stepwise<Float64Array> {
  const picked = new Float64Array(memoryFor(rows.length * 8))
  for (let from = 0; from < rows.length; from += ROWS_PER_STEP) {
    const to = Math.min(rows.length, from + ROWS_PER_STEP)
    for (let i = from; i < to; i++) picked[i] = column[rows[i]]
    yield
  }
  return picked
}

// To fill a large one with zeros first would be a step of several milliseconds.
function memoryFor(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer
}
