import type { ExponentialHistogram, Histogram } from './distribution.ts'
import { finiteBuckets } from './finite-buckets.ts'
import {
  type BucketLimits,
  ExponentialCounts,
  type ExponentialShape,
  USUAL_LIMITS
} from './sketch/exponential-counts.ts'

/** A point that has buckets or might. */
export type HistogramPoint = Histogram | ExponentialHistogram

/** The form that V8 keeps. */
export interface SavedHistogram {
  readonly min: number
  readonly max: number
  readonly mergeable: boolean
  readonly bounds: readonly number[] | undefined
  readonly counts: readonly number[]
  readonly exponential: ExponentialShape | undefined
}

/**
 * Least, greatest and buckets of histograms added up; count and sum are kept elsewhere. Explicit buckets add up if
 * bounds are the same, exponential ones and observations always. Any other pair leaves no buckets.
 */
export class MergedHistogram {
  /** NaN once unknown of one. */
  #min = Number.POSITIVE_INFINITY
  #max = Number.NEGATIVE_INFINITY
  #isMergeable = true
  #bounds: readonly number[] | undefined
  #counts: number[] = []
  #exponential: ExponentialCounts | undefined
  #limits: BucketLimits

  constructor(limits: BucketLimits = USUAL_LIMITS) {
    this.#limits = limits
  }

  static from(
    { min, max, mergeable, bounds, counts, exponential }: SavedHistogram,
    limits: BucketLimits = USUAL_LIMITS
  ): MergedHistogram {
    const merged = new MergedHistogram(limits)
    merged.#min = min
    merged.#max = max
    if (bounds !== undefined) merged.#addExplicit({ bounds, counts })
    if (exponential !== undefined) merged.#addExponential(exponential)
    if (!mergeable) merged.#giveUp()
    return merged
  }

  get isExponential(): boolean {
    return this.#exponential !== undefined
  }

  get hasBuckets(): boolean {
    return this.#exponential !== undefined || this.#bounds !== undefined
  }

  add(point: HistogramPoint): void {
    if (point.count === 0) return
    this.#min = Math.min(this.#min, point.min)
    this.#max = Math.max(this.#max, point.max)
    if (point.kind === 'exponential_histogram') this.#addExponential(point)
    else if (point.bounds.length > 0 && point.counts.length === point.bounds.length + 1) this.#addExplicit(point)
    else if (point.min === point.max) this.#addObservations(point.min, point.count)
    else this.#giveUp()
  }

  /** @param value finite */
  addValue(value: number): void {
    this.#min = Math.min(this.#min, value)
    this.#max = Math.max(this.#max, value)
    this.#addObservations(value, 1)
  }

  /** One that keeps to the same limits. */
  empty(): MergedHistogram {
    return new MergedHistogram(this.#limits)
  }

  merge(other: MergedHistogram): void {
    this.#min = Math.min(this.#min, other.#min)
    this.#max = Math.max(this.#max, other.#max)
    if (other.#bounds !== undefined) this.#addExplicit({ bounds: other.#bounds, counts: other.#counts })
    if (other.#exponential !== undefined) this.#addExponential(other.#exponential.shape())
    if (!other.#isMergeable) this.#giveUp()
  }

  /** A point with `count` and `sum`, which is NaN if unknown. */
  point(count: number, sum: number): HistogramPoint {
    const min = Number.isFinite(this.#min) ? this.#min : Number.NaN
    const max = Number.isFinite(this.#max) ? this.#max : Number.NaN
    if (this.#exponential !== undefined)
      return { kind: 'exponential_histogram', count, sum, min, max, ...this.#exponential.shape() }
    return { kind: 'histogram', count, sum, min, max, bounds: this.#bounds ?? [], counts: this.#counts.slice() }
  }

  /**
   * A point of the same kind and bounds before anything was counted. @param sum of all that was counted: if it is
   * unknown, zero has none
   */
  zero(sum: number): HistogramPoint {
    const empty = this.empty()
    if (this.#exponential !== undefined) empty.#exponential = new ExponentialCounts(this.#limits)
    empty.#bounds = this.#bounds
    empty.#counts = this.#counts.map(() => 0)
    return empty.point(0, Number.isNaN(sum) ? sum : 0)
  }

  save(): SavedHistogram {
    return {
      min: this.#min,
      max: this.#max,
      mergeable: this.#isMergeable,
      bounds: this.#bounds,
      counts: this.#counts.slice(),
      exponential: this.#exponential?.shape()
    }
  }

  get bytes(): number {
    return this.#counts.length * 8 + (this.#exponential?.bytes ?? 0)
  }

  #addObservations(value: number, count: number): void {
    if (!this.#isMergeable || this.#bounds !== undefined) return this.#giveUp()
    this.#exponential ??= new ExponentialCounts(this.#limits)
    this.#exponential.addValue(value, count)
  }

  #addExponential(shape: ExponentialShape): void {
    if (!this.#isMergeable || this.#bounds !== undefined) return this.#giveUp()
    this.#exponential ??= new ExponentialCounts(this.#limits)
    this.#exponential.add(shape)
  }

  #addExplicit(buckets: Pick<Histogram, 'bounds' | 'counts'>): void {
    const { bounds, counts } = finiteBuckets(buckets)
    if (!this.#isMergeable || this.#exponential !== undefined) return this.#giveUp()
    if (this.#bounds === undefined) {
      this.#bounds = bounds
      this.#counts = counts.slice()
    } else if (isSame(bounds, this.#bounds)) for (let i = 0; i < counts.length; i++) this.#counts[i] += counts[i]
    else this.#giveUp()
  }

  #giveUp(): void {
    this.#isMergeable = false
    this.#bounds = this.#exponential = undefined
    this.#counts = []
  }
}

/** True if two explicit histograms have the same buckets. */
export function isSame(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
