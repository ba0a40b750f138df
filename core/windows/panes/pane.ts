import type { BucketLimits } from '../../model/sketch/exponential-counts.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { Accumulator, AccumulatorType } from '../aggregations/accumulator.ts'
import type { PaneState } from '../aggregations/aggregation.ts'
import type { Observation } from '../input/observation.ts'
import { pickRows, ROWS_PER_STEP, RowPairBuffer, type RowPairs, unfilled } from './rows.ts'

const INITIAL_CAPACITY = 64
/** So many bits of a slot more tell where to look next. */
const REST_BITS = 5
/** Key, sum and count. */
const ROW_BYTES = 20
/** A pane may grow while another is merged into it, so each has a buffer of its own. */
const MERGED = new RowPairBuffer()
const MOVED = new RowPairBuffer()

/** The layout that all panes of a rule have in common. */
export interface PaneLayout {
  readonly accumulators: readonly AccumulatorType[]
  /** Limits of the buckets of histograms. */
  readonly limits: BucketLimits
}

/** A pane on disk: columns of the slots in use, and each accumulator that has values, by its key. */
export interface SavedPane {
  readonly slots: Int32Array
  readonly sums: Float64Array
  readonly counts: Float64Array
  readonly [accumulator: string]: unknown
}

/**
 * The values of one window, by group slot. It is an open-addressing table, and the hash is the slot itself. Slots are
 * dense: if most groups are active the table is an array, which may be full, and if few are it stays small.
 */
export class Pane implements PaneState {
  size = 0
  /** Slot + 1; 0 in a free row. */
  keys = new Int32Array(INITIAL_CAPACITY)
  sums = new Float64Array(INITIAL_CAPACITY)
  counts = new Float64Array(INITIAL_CAPACITY)
  #layout: PaneLayout
  /** No slot is above this. */
  #highest = -1
  /** In the order of the layout; each is made when its first value comes. */
  #accumulators: (Accumulator | undefined)[]

  constructor(layout: PaneLayout) {
    this.#layout = layout
    this.#accumulators = layout.accumulators.map(() => undefined)
  }

  static from(saved: SavedPane, layout: PaneLayout): Pane {
    const pane = new Pane(layout)
    const { slots, sums, counts } = saved
    const rows = pane.#enterAll(slots)
    for (let i = 0; i < rows.length; i++) {
      pane.sums[rows[i]] = sums[i]
      pane.counts[rows[i]] = counts[i]
    }
    for (const [i, { key }] of layout.accumulators.entries())
      if (saved[key] !== undefined) pane.#accumulator(i).restore(saved[key], slots, rows)
    return pane
  }

  /** Adds each of the values from `from` to `to` to the group of its slot, which needs no more than a sum and a count. */
  addRun(slots: Int32Array, values: Float64Array, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const row = this.rowOf(slots[i])
      this.sums[row] += values[i]
      this.counts[row]++
    }
  }

  /** @param accumulators indexes into those of the layout */
  observe(observation: Observation, accumulators: readonly number[]): void {
    const row = this.rowOf(observation.slot)
    this.sums[row] += observation.sum
    this.counts[row] += observation.count
    for (let i = 0; i < accumulators.length; i++) this.#accumulator(accumulators[i]).add(row, observation)
  }

  /** The row of `slot`; an empty one is made if there is none. */
  rowOf(slot: number): number {
    if (slot > this.#highest) return this.#insert(slot)
    const row = this.#probe(slot)
    return this.keys[row] === 0 ? this.#insert(slot) : row
  }

  /** The row of `slot`; -1 if there is none. */
  find(slot: number): number {
    if (slot > this.#highest) return -1
    const row = this.#probe(slot)
    return this.keys[row] === 0 ? -1 : row
  }

  accumulator<A extends Accumulator>(type: AccumulatorType<A>): A | undefined {
    return this.#accumulators[this.#layout.accumulators.indexOf(type)] as A | undefined
  }

  addAll(other: Pane): void {
    if (this.size === 0) this.#makeRoom(other.size, other.#highest)
    fillUsed(MERGED, other)
    this.#merge(other)
  }

  copy(): Pane {
    const copy = new Pane(this.#layout)
    copy.addAll(this)
    return copy
  }

  /** A pane of the values that `slots` have here. */
  only(slots: Iterable<number>): Pane {
    const part = new Pane(this.#layout)
    MERGED.reserve(this.size)
    for (const slot of slots) {
      const row = this.find(slot)
      if (row >= 0) MERGED.from[MERGED.length++] = row
    }
    part.#merge(this)
    return part
  }

  *save(): Stepwise<SavedPane> {
    const { slots, rows } = yield* this.#used()
    const saved: Record<string, unknown> = {}
    for (const [i, { key }] of this.#layout.accumulators.entries()) {
      const accumulator = this.#accumulators[i]
      if (accumulator !== undefined) saved[key] = yield* accumulator.save(slots, rows)
    }
    return { ...saved, slots, sums: yield* pickRows(this.sums, rows), counts: yield* pickRows(this.counts, rows) }
  }

  get bytes(): number {
    return this.#accumulators.reduce((bytes, one) => bytes + (one?.bytes ?? 0), this.keys.length * ROW_BYTES)
  }

  #accumulator(i: number): Accumulator {
    return this.#accumulators[i] ?? this.#create(i)
  }

  #create(i: number): Accumulator {
    const { accumulators, limits } = this.#layout
    return (this.#accumulators[i] = accumulators[i].create(this.keys.length, limits))
  }

  /** Slots in the order of the table, and the rows they are in. */
  *#used(): Stepwise<{ readonly slots: Int32Array; readonly rows: Int32Array }> {
    const { keys } = this
    const slots = new Int32Array(unfilled(this.size * 4))
    const rows = new Int32Array(unfilled(this.size * 4))
    let i = 0
    for (let from = 0; from < keys.length; from += ROWS_PER_STEP) {
      const to = Math.min(keys.length, from + ROWS_PER_STEP)
      for (let row = from; row < to; row++) {
        if (keys[row] === 0) continue
        slots[i] = keys[row] - 1
        rows[i++] = row
      }
      yield
    }
    return { slots, rows }
  }

  /** Merges the rows of `other` in {@link MERGED}. */
  #merge(other: Pane): void {
    this.#findRows(other)
    const { from, to, length } = MERGED
    const { sums, counts } = this
    for (let i = 0; i < length; i++) {
      sums[to[i]] += other.sums[from[i]]
      counts[to[i]] += other.counts[from[i]]
    }
    for (const [i, accumulator] of other.#accumulators.entries())
      if (accumulator !== undefined) this.#accumulator(i).merge(accumulator, MERGED)
  }

  /** Completes {@link MERGED} by the rows that the groups of `other` have here. */
  #findRows(other: Pane): void {
    const { from, to, length } = MERGED
    const { keys } = this
    for (let i = 0; i < length; i++) to[i] = this.rowOf(other.keys[from[i]] - 1)
    // A table that has grown has its groups in other rows.
    if (this.keys !== keys) for (let i = 0; i < length; i++) to[i] = this.rowOf(other.keys[from[i]] - 1)
  }

  #insert(slot: number): number {
    this.#makeRoom(this.size + 1, Math.max(this.#highest, slot))
    this.size++
    return this.#insertKey(slot)
  }

  // Half of the rows are free, or each slot has a row of its own: then all may be in use, and none is in another's way.
  /** Makes room for so many groups, none of them in a slot above `highest`. */
  #makeRoom(groups: number, highest: number): void {
    this.#highest = highest
    let capacity = this.keys.length
    while (capacity < groups * 2 && capacity <= highest) capacity *= 2
    if (capacity === this.keys.length) return
    const { keys, sums, counts } = this
    fillUsed(MOVED, this)
    const { from, to, length } = MOVED
    this.keys = new Int32Array(capacity)
    this.sums = new Float64Array(capacity)
    this.counts = new Float64Array(capacity)
    for (let i = 0; i < length; i++) {
      to[i] = this.#insertKey(keys[from[i]] - 1)
      this.sums[to[i]] = sums[from[i]]
      this.counts[to[i]] = counts[from[i]]
    }
    this.#growAccumulators(MOVED)
  }

  #growAccumulators(rows: RowPairs): void {
    for (const [i, old] of this.#accumulators.entries()) {
      if (old === undefined) continue
      this.#accumulators[i] = undefined
      this.#accumulator(i).adopt(old, rows)
    }
  }

  /** Enters the slots of a saved pane into an empty one. Returns their rows. */
  #enterAll(slots: Int32Array): Int32Array {
    let highest = -1
    for (let i = 0; i < slots.length; i++) if (slots[i] > highest) highest = slots[i]
    this.#makeRoom(slots.length, highest)
    const rows = new Int32Array(slots.length)
    for (let i = 0; i < slots.length; i++) rows[i] = this.#insertKey(slots[i])
    this.size = slots.length
    return rows
  }

  /** Enters a `slot` that is not in the table, which has room. */
  #insertKey(slot: number): number {
    const row = this.#probe(slot)
    this.keys[row] = slot + 1
    return row
  }

  // Two runs of slots that begin at the same row would push each other aside by their whole length, so the next row to
  // try is far away. It is another one for each slot, and all rows are tried in the end.
  /** The row of `slot`, or the free one that it would get. */
  #probe(slot: number): number {
    const { keys } = this
    const mask = keys.length - 1
    let row = slot & mask
    for (let rest = slot; keys[row] !== 0 && keys[row] !== slot + 1; ) {
      rest >>>= REST_BITS
      row = (row * 5 + rest + 1) & mask
    }
    return row
  }
}

/** Fills `rows` with the used rows of `pane`, as those that pairs begin with. */
function fillUsed(rows: RowPairBuffer, { keys, size }: Pane): void {
  rows.reserve(size)
  const { from } = rows
  let i = 0
  for (let row = 0; row < keys.length; row++) if (keys[row] !== 0) from[i++] = row
  rows.length = i
}
