import type { FloatHistogram } from '../../../core/promql/histogram/float-histogram.ts'
import type { Labels } from '../../../core/promql/labels.ts'
import type { Matcher } from '../../../core/promql/matcher.ts'
import { QueryError } from '../../../core/promql/query-error.ts'
import type {
  FamilyMetadata,
  SampleStore,
  SelectedSeries,
  SelectRequest,
  SeriesRequest
} from '../../../core/promql/sample-store.ts'

export type StoredSample = number | FloatHistogram | 'stale'

interface StoredSeries {
  readonly labels: Labels
  readonly samples: Map<number, StoredSample>
}

/** Samples in memory, in any order. A later sample of the same time replaces the earlier one. */
export class MemoryStore implements SampleStore {
  readonly #series = new Map<string, StoredSeries>()
  /** Requests seen, for tests of what the engine asks for. */
  readonly requests: SelectRequest[] = []

  append(labels: Labels, time: number, sample: StoredSample): void {
    let series = this.#series.get(labels.key)
    if (series === undefined) this.#series.set(labels.key, (series = { labels, samples: new Map() }))
    series.samples.set(time, sample)
  }

  clear(): void {
    this.#series.clear()
  }

  async select(request: SelectRequest): Promise<SelectedSeries[]> {
    this.requests.push(request)
    const selected: SelectedSeries[] = []
    for (const series of this.#matching(request.matchers)) {
      const samples = Array.from(series.samples)
        .filter(([time]) => time > request.after && time <= request.until)
        .sort(([a], [b]) => a - b)
      if (samples.length > 0) selected.push(columnsOf(series.labels, samples))
    }
    if (selected.length > request.limits.maxSeries) throw new QueryError('execution', 'too many series')
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

function columnsOf(labels: Labels, samples: readonly [number, StoredSample][]): SelectedSeries {
  return {
    labels,
    times: Float64Array.from(samples, ([time]) => time),
    values: Float64Array.from(samples, ([, sample]) => (typeof sample === 'number' ? sample : 0)),
    histograms: samples.some(([, sample]) => typeof sample === 'object')
      ? samples.map(([, sample]) => (typeof sample === 'object' ? sample : undefined))
      : undefined,
    stale: samples.some(([, sample]) => sample === 'stale')
      ? Uint8Array.from(samples, ([, sample]) => (sample === 'stale' ? 1 : 0))
      : undefined
  }
}
