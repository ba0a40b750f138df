import { withRoom } from '../../model/columns.ts'
import type { FirstPoints } from '../../model/first-points.ts'
import type { HistogramPoint } from '../../model/merged-histogram.ts'
import { restorePoints, type SavedHistograms, savePoints } from '../../model/saved-sketches.ts'
import type { Resource } from '../../model/series.ts'
import { SeriesSlots } from '../../model/series-slots.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import { restoreSlots, type SavedSlots } from '../groups/saved-slots.ts'
import { increase } from './difference.ts'

/** Most writers of one series; each restart of an application is one more. */
const MAX_WRITERS = 64
const NONE = -1
const NUMBERS_PER_STEP = 1024

/** A point of a cumulative series. */
export interface CumulativePoint {
  /** Unix ms; 0 if the sender names none. */
  readonly start: number
  readonly time: number
  readonly sum: number
  readonly count: number
  readonly histogram: HistogramPoint | undefined
}

/** The amount that a point adds to a group. */
export interface Increment {
  slot: number
  /** NaN if unknown. */
  sum: number
  count: number
  histogram: HistogramPoint | undefined
}

/** The state on disk. */
export interface SavedCumulativeState {
  readonly identities: SavedSlots
  readonly groups: Int32Array
  readonly heads: Int32Array
  readonly rows: number
  readonly freeRows: Int32Array
  readonly next: Int32Array
  readonly start: Float64Array
  readonly time: Float64Array
  readonly sum: Float64Array
  readonly count: Float64Array
  readonly histograms: SavedHistograms
}

/**
 * The last points of cumulative series, from which the increment of the next point follows. Replicas without an
 * instance id write under one identity. They are told apart by their start: each series has a chain of rows, one a
 * writer.
 */
export class CumulativeState {
  #slots: SeriesSlots
  #firstPoints: FirstPoints
  /** By the series' number here: slot of its group, or -1. */
  #groups = new Int32Array()
  #heads = new Int32Array()
  #rows = 0
  #freeRows: number[] = []
  /** By row. */
  #next = new Int32Array()
  #start = new Float64Array()
  #time = new Float64Array()
  #sum = new Float64Array()
  #count = new Float64Array()
  #histograms = new Map<number, HistogramPoint>()

  /** @param firstPoints told of each writer that is discarded */
  constructor(table: SeriesTable, firstPoints: FirstPoints) {
    this.#slots = new SeriesSlots(table)
    this.#firstPoints = firstPoints
  }

  /** The series' number here; -1 if it is not known and there are `most` already, or `mostBytes` of identities. */
  numberOf(id: number, most = Number.POSITIVE_INFINITY, mostBytes = Number.POSITIVE_INFINITY): number {
    const known = this.#slots.find(id)
    if (known >= 0) return known
    const { size, keyBytes } = this.#slots
    if (size >= most || keyBytes >= mostBytes) return NONE
    const number = this.#slots.add(id)
    this.#groups = withRoom(this.#groups, number)
    this.#heads = withRoom(this.#heads, number)
    this.#groups[number] = this.#heads[number] = NONE
    return number
  }

  /** The slot of its group, -1 if that has expired. */
  groupOf(number: number): number {
    return this.#groups[number]
  }

  setGroup(number: number, slot: number): void {
    this.#groups[number] = slot
  }

  /** Writes to `into` how much `point` adds. False if that cannot be told yet, as of many first points of writers. */
  increment(number: number, point: CumulativePoint, into: Increment): boolean {
    let row = this.#heads[number]
    while (row !== NONE && this.#start[row] !== point.start) row = this.#next[row]
    const isNew = row === NONE
    if (!isNew && point.time <= this.#time[row]) return false
    const { histogram } = point
    const isReset = isNew || (histogram === undefined ? point.sum < this.#sum[row] : point.count < this.#count[row])
    into.sum = isReset ? point.sum : point.sum - this.#sum[row]
    into.count = isReset ? point.count : point.count - this.#count[row]
    const before = isNew ? undefined : this.#histograms.get(row)
    into.histogram = histogram === undefined || before === undefined ? histogram : increase(histogram, before)
    this.#write(isNew ? this.#newRow(number, point.time) : row, point)
    return !isNew || this.#firstPoints.addsAll(this.#resourceOf(number), point.start, point.time)
  }

  /** Expires series with no point since `time`, and the links of others to groups. Returns ids of expired series. */
  *expire(time: number, hasExpired: (group: number) => boolean): Stepwise<number[]> {
    const ids: number[] = []
    for (let number = 0; number < this.#slots.length; number++) {
      if (number % NUMBERS_PER_STEP === NUMBERS_PER_STEP - 1) yield
      if (!this.#slots.isUsed(number)) continue
      if (this.#groups[number] !== NONE && hasExpired(this.#groups[number])) this.#groups[number] = NONE
      this.#heads[number] = this.#keepSince(number, time)
      if (this.#heads[number] !== NONE) continue
      ids.push(this.#slots.idOf(number))
      this.#slots.remove([number])
    }
    return ids
  }

  get bytes(): number {
    return this.#slots.bytes + this.#groups.byteLength * 2 + this.#next.byteLength * 9
  }

  *save(): Stepwise<SavedCumulativeState> {
    const { length } = this.#slots
    return {
      identities: yield* this.#slots.save(),
      groups: this.#groups.subarray(0, length),
      heads: this.#heads.subarray(0, length),
      rows: this.#rows,
      freeRows: new Int32Array(this.#freeRows),
      next: this.#next.subarray(0, this.#rows),
      start: this.#start.subarray(0, this.#rows),
      time: this.#time.subarray(0, this.#rows),
      sum: this.#sum.subarray(0, this.#rows),
      count: this.#count.subarray(0, this.#rows),
      histograms: yield* savePoints(this.#histograms)
    }
  }

  restore(saved: SavedCumulativeState): void {
    restoreSlots(this.#slots, saved.identities)
    this.#groups = saved.groups.slice()
    this.#heads = saved.heads.slice()
    this.#rows = saved.rows
    this.#freeRows = [...saved.freeRows]
    this.#next = saved.next.slice()
    this.#start = saved.start.slice()
    this.#time = saved.time.slice()
    this.#sum = saved.sum.slice()
    this.#count = saved.count.slice()
    this.#histograms = new Map(restorePoints(saved.histograms))
  }

  #write(row: number, { start, time, sum, count, histogram }: CumulativePoint): void {
    this.#start[row] = start
    this.#time[row] = time
    this.#sum[row] = sum
    this.#count[row] = count
    if (histogram === undefined) this.#histograms.delete(row)
    else this.#histograms.set(row, histogram)
  }

  /** A row at the end of the chain of `number`; of too many the row longest silent is reused. */
  #newRow(number: number, now: number): number {
    let writers = 0
    let last = NONE
    let oldest = NONE
    for (let row = this.#heads[number]; row !== NONE; row = this.#next[row]) {
      writers++
      last = row
      if (oldest === NONE || this.#time[row] < this.#time[oldest]) oldest = row
    }
    if (writers === MAX_WRITERS) {
      this.#firstPoints.addDiscarded(this.#resourceOf(number), this.#start[oldest], now)
      return oldest
    }
    const row = this.#freeRows.pop() ?? this.#rows++
    this.#makeRoom(row)
    this.#next[row] = NONE
    if (last === NONE) this.#heads[number] = row
    else this.#next[last] = row
    return row
  }

  #makeRoom(row: number): void {
    this.#next = withRoom(this.#next, row)
    this.#start = withRoom(this.#start, row)
    this.#time = withRoom(this.#time, row)
    this.#sum = withRoom(this.#sum, row)
    this.#count = withRoom(this.#count, row)
  }

  /** Frees the rows of the chain of `number` that are older than `time`; returns its new head. */
  #keepSince(number: number, time: number): number {
    let first = NONE
    let last = NONE
    for (let row = this.#heads[number]; row !== NONE; ) {
      const next = this.#next[row]
      if (this.#time[row] < time) {
        this.#firstPoints.addDiscarded(this.#resourceOf(number), this.#start[row], time)
        this.#histograms.delete(row)
        this.#freeRows.push(row)
      } else {
        if (last === NONE) first = row
        else this.#next[last] = row
        this.#next[row] = NONE
        last = row
      }
      row = next
    }
    return first
  }

  #resourceOf(number: number): Resource {
    return this.#slots.table.resourceOf(this.#slots.idOf(number))
  }
}
