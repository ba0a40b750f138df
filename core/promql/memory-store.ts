import type { FloatHistogram } from './histogram/float-histogram.ts'
import type { Labels } from './labels.ts'
import type { Matcher } from './matcher.ts'
import { QueryError } from './query-error.ts'
import type { FamilyMetadata, SampleStore, SelectedSeries, SelectRequest, SeriesRequest } from './sample-store.ts'

export type StoredSample = number | FloatHistogram | 'stale'

interface StoredSeries {
  readonly labels: Labels
  /** Rising. */
  readonly times: number[]
  readonly samples: StoredSample[]
}

/** Samples in memory, in any order: rising times are appended fast. A later sample of the same time replaces the earlier one. */
export class MemoryStore implements SampleStore {
  readonly #series = new Map<string, StoredSeries>()

  /** @param time Unix ms */
  append(labels: Labels, time: number, sample: StoredSample): void {
    let series = this.#series.get(labels.key)
    if (series === undefined) this.#series.set(labels.key, (series = { labels, times: [], samples: [] }))
    const { times, samples } = series
    const at = countUntil(times, time)
    if (times[at - 1] === time) samples[at - 1] = sample
    else {
      times.splice(at, 0, time)
      samples.splice(at, 0, sample)
    }
  }

  clear(): void {
    this.#series.clear()
  }

  async select({ matchers, after, until, limits }: SelectRequest): Promise<SelectedSeries[]> {
    const selected: SelectedSeries[] = []
    for (const { labels, times, samples } of this.#matching(matchers)) {
      const range = [countUntil(times, after), countUntil(times, until)] as const
      if (range[0] < range[1]) selected.push(columnsOf(labels, times.slice(...range), samples.slice(...range)))
    }
    if (selected.length > limits.maxSeries)
      throw new QueryError(
        'execution',
        `the query needs ${selected.length} series, and ${limits.maxSeries} are the most`
      )
    return selected
  }

  async series(request: SeriesRequest): Promise<Labels[]> {
    const sets = request.sets.length === 0 ? [[]] : request.sets
    const found = new Map(sets.flatMap(set => this.#matching(set)).map(({ labels }) => [labels.key, labels]))
    return Array.from(found.values())
  }

  async metadata(): Promise<FamilyMetadata[]> {
    return []
  }

  #matching(matchers: readonly Matcher[]): StoredSeries[] {
    return Array.from(this.#series.values())
      .filter(({ labels }) => matchers.every(matcher => matcher.matches(labels.get(matcher.name))))
      .sort((a, b) => a.labels.compare(b.labels))
  }
}

/** Number of times that are `time` or earlier. */
function countUntil(times: readonly number[], time: number): number {
  let [low, high] = [0, times.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (times[middle]! <= time) low = middle + 1
    else high = middle
  }
  return low
}

function columnsOf(labels: Labels, times: readonly number[], samples: readonly StoredSample[]): SelectedSeries {
  return {
    labels,
    times: Float64Array.from(times),
    values: Float64Array.from(samples, sample => (typeof sample === 'number' ? sample : 0)),
    histograms: samples.some(sample => typeof sample === 'object')
      ? samples.map(sample => (typeof sample === 'object' ? sample : undefined))
      : undefined,
    stale: samples.includes('stale') ? Uint8Array.from(samples, sample => (sample === 'stale' ? 1 : 0)) : undefined
  }
}
