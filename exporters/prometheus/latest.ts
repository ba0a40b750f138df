import { additiveSum, type Distribution } from '../../core/model/distribution.ts'
import { MergedHistogram, type SavedHistogram } from '../../core/model/merged-histogram.ts'
import type { ExposedSeries } from '../../core/wire/exposition/family.ts'
import type { Labels } from '../../core/wire/prometheus/labels.ts'

/** The exposed state of a series: its latest point, or the sum of its increments. */
export class LatestPoint implements ExposedSeries {
  readonly labels: Labels
  /** Of its labels. */
  readonly key: string
  value = 0
  start = 0
  /** Time of the point, Unix ms. */
  time = Number.NEGATIVE_INFINITY
  /** When a point came last, Unix ms by the clock. */
  lastSeen = Number.NEGATIVE_INFINITY
  /** False before the first point, and once it has expired. */
  isExposed = false
  #distribution: Distribution | undefined
  /** Of increments. */
  #count = 0
  #merged: MergedHistogram | undefined

  constructor(labels: Labels, key: string) {
    this.labels = labels
    this.key = key
  }

  get distribution(): Distribution | undefined {
    return this.#merged === undefined ? this.#distribution : this.#merged.point(this.#count, this.value)
  }

  /** Takes a point that is not older than the one before. */
  replace(time: number, start: number, value: number, distribution: Distribution | undefined): void {
    if (time < this.time) return
    this.time = time
    this.start = start
    this.value = value
    this.#distribution = distribution
  }

  /** Adds an increment. It may be older than the one before. */
  add(time: number, start: number, value: number, distribution: Distribution | undefined): void {
    // The total begins with its first increment.
    if (this.start === 0) this.start = start > 0 ? start : time
    this.time = Math.max(this.time, time)
    if (distribution?.kind !== 'histogram' && distribution?.kind !== 'exponential_histogram') {
      this.value += value
      return
    }
    this.value += additiveSum(distribution)
    this.#count += distribution.count
    this.#merged ??= new MergedHistogram()
    this.#merged.add(distribution)
  }

  /** Ends it: a later point begins anew. */
  reset(): void {
    this.isExposed = false
    this.value = this.start = this.#count = 0
    this.time = Number.NEGATIVE_INFINITY
    this.#distribution = this.#merged = undefined
  }

  save(): SavedPoint {
    const { labels, value, start, time, lastSeen } = this
    return { labels, value, start, time, lastSeen, count: this.#count, merged: this.#merged?.save() }
  }

  restore({ value, start, time, lastSeen, count, merged }: SavedPoint): void {
    this.value = value
    this.start = start
    this.time = time
    this.lastSeen = lastSeen
    this.#count = count
    this.#merged = merged && MergedHistogram.from(merged)
  }
}

export interface SavedPoint {
  readonly labels: Labels
  readonly value: number
  readonly start: number
  readonly time: number
  readonly lastSeen: number
  readonly count: number
  readonly merged: SavedHistogram | undefined
}
