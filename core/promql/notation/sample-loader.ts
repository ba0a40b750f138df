import { sameBounds } from '../histogram/bounds.ts'
import { isCounterReset } from '../histogram/counter-reset.ts'
import type { FloatHistogram } from '../histogram/float-histogram.ts'
import type { Labels } from '../labels.ts'
import type { MemoryStore, StoredSample } from '../memory-store.ts'
import type { NotedSample } from './series-notation.ts'

/** Puts noted samples into a store, as Prometheus's database would keep them. Times of a series rise. */
export class SampleLoader {
  readonly #store: MemoryStore
  /** Last sample of each series. */
  readonly #last = new Map<string, StoredSample>()

  constructor(store: MemoryStore) {
    this.#store = store
  }

  /** @param time Unix ms */
  load(labels: Labels, time: number, noted: NotedSample): void {
    if (noted === undefined) return
    const sample = typeof noted === 'object' ? marked(noted.histogram, this.#last.get(labels.key)) : noted
    this.#last.set(labels.key, sample)
    this.#store.append(labels, time, sample)
  }

  clear(): void {
    this.#store.clear()
    this.#last.clear()
  }
}

/**
 * With the mark that Prometheus's database reads back: none for the first histogram of a chunk, which a reset, another layout
 * or a number begin, and `not_reset` for later ones.
 */
function marked(histogram: FloatHistogram, last: StoredSample | undefined): FloatHistogram {
  if (histogram.counterReset === 'gauge') return histogram
  return { ...histogram, counterReset: continues(histogram, last) ? 'not_reset' : 'unknown' }
}

function continues(histogram: FloatHistogram, last: StoredSample | undefined): boolean {
  if (typeof last !== 'object' || last.counterReset === 'gauge') return false
  if (histogram.schema !== last.schema || histogram.zeroThreshold !== last.zeroThreshold) return false
  return sameBounds(histogram.customBounds, last.customBounds) && !isCounterReset(histogram, last)
}
