import { MergedHistogram } from '../../model/merged-histogram.ts'
import { restoreHistograms, type SavedHistograms, saveHistograms } from '../../model/saved-sketches.ts'
import type { BucketLimits } from '../../model/sketch/exponential-counts.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { Observation } from '../input/observation.ts'
import type { AccumulatorType } from './accumulator.ts'
import { SketchColumn } from './sketch-column.ts'

const BYTES_PER_BUCKET = 8
const SIGNS = 2

/** The merged histogram of each group: of histograms that came, and of single values. */
class Histograms extends SketchColumn<MergedHistogram> {
  #limits: BucketLimits

  constructor(capacity: number, limits: BucketLimits) {
    super(capacity)
    this.#limits = limits
  }

  add(row: number, { histogram, value }: Observation): void {
    if (histogram !== undefined) this.made(row).add(histogram)
    else if (!Number.isNaN(value)) this.made(row).addValue(value)
  }

  *save(slots: Int32Array, rows: Int32Array): Stepwise<SavedHistograms> {
    return yield* saveHistograms(this.entries(slots, rows))
  }

  restore(saved: SavedHistograms, slots: Int32Array, rows: Int32Array): void {
    this.put(restoreHistograms(saved, this.#limits), slots, rows)
  }

  protected empty(): MergedHistogram {
    return new MergedHistogram(this.#limits)
  }
}

export const HISTOGRAMS: AccumulatorType<Histograms> = {
  key: 'histograms',
  create: (capacity, limits) => new Histograms(capacity, limits),
  bytesPerGroup: ({ buckets }) => SIGNS * buckets * BYTES_PER_BUCKET
}
