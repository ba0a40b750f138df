import { MergedHistogram } from './merged-histogram.ts'

const INITIAL_CAPACITY = 1024

/** What each group has counted since it began, by slot. */
export class Totals {
  sums = new Float64Array(INITIAL_CAPACITY)
  counts = new Float64Array(INITIAL_CAPACITY)
  /** When counting began, Unix ms; NaN before. */
  starts = new Float64Array(INITIAL_CAPACITY).fill(Number.NaN)

  readonly histograms = new Map<number, MergedHistogram>()

  /** Returns whether this is the first of the slot. */
  add(slot: number, sum: number, count: number, start: number): boolean {
    if (slot >= this.sums.length) this.#grow(slot)
    const isFirst = Number.isNaN(this.starts[slot])
    if (isFirst) this.starts[slot] = start
    this.sums[slot] += sum
    this.counts[slot] += count
    return isFirst
  }

  /** What its histograms add up to, `more` with them. */
  addHistogram(slot: number, more: MergedHistogram): MergedHistogram {
    const total = this.histograms.get(slot) ?? new MergedHistogram()
    total.merge(more)
    this.histograms.set(slot, total)
    return total
  }

  clear(slot: number): void {
    this.histograms.delete(slot)
    if (slot >= this.sums.length) return
    this.sums[slot] = 0
    this.counts[slot] = 0
    this.starts[slot] = Number.NaN
  }

  #grow(slot: number): void {
    const capacity = Math.max(this.sums.length * 2, slot + 1)
    this.sums = copyInto(new Float64Array(capacity), this.sums)
    this.counts = copyInto(new Float64Array(capacity), this.counts)
    this.starts = copyInto(new Float64Array(capacity).fill(Number.NaN), this.starts)
  }
}

function copyInto(into: Float64Array<ArrayBuffer>, from: Float64Array): Float64Array<ArrayBuffer> {
  into.set(from)
  return into
}
