import type { QueryLimits, SelectedSeries } from '../../../core/promql/sample-store.ts'
import { CachedMetric } from './cached-metric.ts'
import type { SampleColumns } from './cached-series.ts'
import type { StoreConfig } from './request.ts'
import { hasDistributions } from './sample-sources.ts'
import type { FoundSeries } from './series-index.ts'
import type { SeriesSource } from './sources.ts'
import type { Statements } from './statements.ts'

/** Samples that are kept, as a share of those that queries may hold. */
const SHARE = 1 / 4
/** A metric is not read as a whole for a query that wants less of it. */
const LEAST_SHARE = 1 / 4
/** Metrics that nobody asked for so long are evicted if others need their room. */
const IDLE_MS = 300_000

export interface CacheRequest {
  /** Unix ms: `after < time <= until`. */
  readonly after: number
  readonly until: number
  readonly limits: QueryLimits
}

interface Entry {
  readonly metric: CachedMetric
  usedAt: number
}

/**
 * Samples of the metrics that are asked for again and again, by the panels of a dashboard and each time it is drawn. The
 * evaluator is faster over samples in memory than ClickHouse over those on disk. It has all that were written before a query.
 */
export class SampleCache {
  readonly #isOn: boolean
  readonly #statements: Statements
  /** By name of the metric. */
  readonly #metrics = new Map<string, Entry>()

  constructor({ keepsSamples }: StoreConfig, statements: Statements) {
    this.#isOn = keepsSamples
    this.#statements = statements
  }

  /** True if {@link select} gives samples. */
  async holds(source: SeriesSource, request: CacheRequest, signal: AbortSignal): Promise<boolean> {
    const plain = this.#plainOf(source)
    return plain !== undefined && (await this.#read({ ...plain, ids: [] }, source, request, signal)) !== undefined
  }

  /** Samples of plain numbers without a tier. Undefined if they are too many, or of another kind. */
  async select(
    source: SeriesSource,
    request: CacheRequest,
    signal: AbortSignal
  ): Promise<SelectedSeries[] | undefined> {
    const plain = this.#plainOf(source)
    const columns = plain && (await this.#read(plain, source, request, signal))
    return columns && toSelected(source.found.series, columns)
  }

  #plainOf({ found }: SeriesSource): Plain | undefined {
    return this.#isOn ? plainOf(found.series) : undefined
  }

  async #read(
    plain: Plain,
    { found, tables }: SeriesSource,
    { after, until, limits }: CacheRequest,
    signal: AbortSignal
  ): Promise<SampleColumns[] | undefined> {
    const known = this.#metrics.get(plain.name)
    if (known === undefined && found.series.length < LEAST_SHARE * found.candidates) return undefined
    const entry = known ?? { metric: new CachedMetric(plain.name, this.#statements), usedAt: 0 }
    this.#metrics.set(plain.name, entry)
    entry.usedAt = performance.now()
    const most = this.#roomFor(entry, Math.floor(limits.maxSamples * SHARE))
    return entry.metric.read(plain.ids, { tables, after, until, most }, signal)
  }

  /** Evicts idle metrics if all do not fit. Returns how many samples a metric may have beside the others. */
  #roomFor(entry: Entry, most: number): number {
    let others = 0
    for (const [name, other] of this.#metrics) {
      if (other === entry) continue
      if (entry.usedAt - other.usedAt > IDLE_MS) this.#metrics.delete(name)
      else others += other.metric.samples
    }
    return most - others
  }
}

interface Plain {
  readonly name: string
  readonly ids: readonly bigint[]
}

/** By the series, which are the same object for the same query. */
const known = new WeakMap<readonly FoundSeries[], Plain | 'none'>()

/** The one metric of series that have numbers, and are one stored series each. */
function plainOf(series: readonly FoundSeries[]): Plain | undefined {
  const plain = known.get(series) ?? makePlain(series) ?? 'none'
  known.set(series, plain)
  return plain === 'none' ? undefined : plain
}

function makePlain(series: readonly FoundSeries[]): Plain | undefined {
  const name = series[0]?.metric.name
  const isPlain = ({ metric, form }: FoundSeries) =>
    metric.name === name && form === 'value' && metric.reading === 'value'
  if (name === undefined || !series.every(isPlain) || hasDistributions(series)) return undefined
  const labels = new Set(series.map(one => one.labels.key))
  return labels.size === series.length ? { name, ids: series.map(({ id }) => id) } : undefined
}

/** Without the series that have no samples there. */
function toSelected(series: readonly FoundSeries[], columns: readonly SampleColumns[]): SelectedSeries[] {
  const selected: SelectedSeries[] = []
  for (let i = 0; i < series.length; i++) {
    if (columns[i].times.length > 0)
      selected.push({ labels: series[i].labels, ...columns[i], histograms: undefined, isKept: true })
  }
  return selected
}
