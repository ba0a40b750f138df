import { type HistogramPoint, MergedHistogram, type SavedHistogram } from '../../core/model/merged-histogram.ts'
import type { StreamState } from '../../core/model/stream-table.ts'

/** Interval of an increment without a start: the shortest between two times. */
const SHORTEST_MS = 1

/** The total of a series since it began here. */
export class Total implements StreamState {
  lastSeen: number
  /** Unix ms, as `time`. */
  readonly start: number
  /** Time of the last point emitted; `start` before there was one. */
  time: number
  /** A histogram's sum; NaN from the first without one on. */
  value = 0
  /** Buckets of a histogram. */
  count = 0
  histogram: MergedHistogram | undefined
  /** The row that was made of it, in the block that is being made; meaningless in another. */
  row = { block: 0, at: 0 }

  /**
   * @param start of the first increment, 0 if unknown @param time of the first increment @param now Unix ms by the
   * clock
   */
  constructor(start: number, time: number, now: number) {
    this.start = start > 0 && start < time ? start : time - SHORTEST_MS
    this.time = this.start
    this.lastSeen = now
  }

  get isEmpty(): boolean {
    return this.time === this.start
  }

  add(value: number, histogram: HistogramPoint | undefined): void {
    this.value += value
    if (histogram === undefined) return
    this.count += histogram.count
    this.histogram ??= new MergedHistogram()
    this.histogram.add(histogram)
  }
}

export interface SavedTotal extends Pick<Total, 'lastSeen' | 'start' | 'time' | 'value' | 'count'> {
  readonly histogram: SavedHistogram | undefined
}

export function saveTotal({ lastSeen, start, time, value, count, histogram }: Total): SavedTotal {
  return { lastSeen, start, time, value, count, histogram: histogram?.save() }
}

export function restoreTotal({ lastSeen, start, time, value, count, histogram }: SavedTotal): Total {
  const total = new Total(start, time, lastSeen)
  const restored = histogram && MergedHistogram.from(histogram)
  return Object.assign(total, { start, time, value, count, histogram: restored })
}
