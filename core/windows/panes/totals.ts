import { withRoom } from '../../model/columns.ts'
import { MergedHistogram } from '../../model/merged-histogram.ts'
import { restoreHistograms, type SavedHistograms, saveHistograms } from '../../model/saved-sketches.ts'
import type { BucketLimits } from '../../model/sketch/exponential-counts.ts'
import type { Stepwise } from '../../model/stepwise.ts'

/** Totals on disk, in columns by slot. */
export interface SavedTotals {
  readonly sums: Float64Array
  readonly counts: Float64Array
  readonly starts: Float64Array
  readonly histograms: SavedHistograms
}

/** The totals of each group since it began, by slot. */
export class Totals {
  sums = new Float64Array()
  counts = new Float64Array()
  /** When counting began, Unix ms; NaN before. */
  starts = new Float64Array()
  #histograms = new Map<number, MergedHistogram>()
  #limits: BucketLimits

  /** @param limits of buckets of histograms */
  constructor(limits: BucketLimits) {
    this.#limits = limits
  }

  /** Returns true if these are the first values of the slot. */
  add(slot: number, sum: number, count: number, start: number): boolean {
    this.sums = withRoom(this.sums, slot)
    this.counts = withRoom(this.counts, slot)
    this.starts = withRoom(this.starts, slot, Number.NaN)
    const isFirst = Number.isNaN(this.starts[slot])
    if (isFirst) this.starts[slot] = start
    this.sums[slot] += sum
    this.counts[slot] += count
    return isFirst
  }

  /** Returns the sum of the slot's histograms, with `more`. */
  addHistogram(slot: number, more: MergedHistogram | undefined): MergedHistogram {
    const total = this.#histograms.get(slot) ?? new MergedHistogram(this.#limits)
    if (more !== undefined) total.merge(more)
    this.#histograms.set(slot, total)
    return total
  }

  clear(slot: number): void {
    this.#histograms.delete(slot)
    if (slot >= this.sums.length) return
    this.sums[slot] = 0
    this.counts[slot] = 0
    this.starts[slot] = Number.NaN
  }

  get bytes(): number {
    let bytes = this.sums.byteLength * 3
    for (const histogram of this.#histograms.values()) bytes += histogram.bytes
    return bytes
  }

  /** @param slots all are below this */
  *save(slots: number): Stepwise<SavedTotals> {
    return {
      sums: this.sums.subarray(0, slots),
      counts: this.counts.subarray(0, slots),
      starts: this.starts.subarray(0, slots),
      histograms: yield* saveHistograms(this.#histograms)
    }
  }

  restore({ sums, counts, starts, histograms }: SavedTotals): void {
    this.sums = sums.slice()
    this.counts = counts.slice()
    this.starts = starts.slice()
    this.#histograms = new Map(restoreHistograms(histograms, this.#limits))
  }
}
