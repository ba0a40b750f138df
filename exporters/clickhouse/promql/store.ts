import type { Labels } from '../../../core/promql/labels.ts'
import type {
  FamilyMetadata,
  GridRequest,
  GridSeries,
  Remarks,
  SampleStore,
  SelectedSeries,
  SelectRequest,
  SeriesRequest
} from '../../../core/promql/sample-store.ts'
import { Catalog, familiesOf } from './catalog.ts'
import { matchingForms } from './forms.ts'
import { canGrid, storedGrid } from './grid.ts'
import { overlapsOf } from './overlaps.ts'
import type { StoreConfig } from './request.ts'
import { loadSamples } from './sample-loader.ts'
import type { Tables } from './sample-sources.ts'
import { Selector } from './selector.ts'
import { SeriesIndex } from './series-index.ts'
import type { Statements } from './statements.ts'

/** The tables of the compact schema, as PromQL sees them. */
export class ClickHouseStore implements SampleStore {
  readonly #config: StoreConfig
  readonly #statements: Statements
  readonly #catalog: Catalog
  readonly #index: SeriesIndex

  constructor(config: StoreConfig, statements: Statements) {
    this.#config = config
    this.#statements = statements
    this.#catalog = new Catalog(config, statements)
    this.#index = new SeriesIndex(config.database, statements)
  }

  async select(request: SelectRequest, _remarks: Remarks, signal: AbortSignal): Promise<SelectedSeries[]> {
    const { found, tables, selector } = await this.#find(request, request.after, signal)
    if (found.series.length === 0) return []
    return loadSamples(this.#statements, { ...request, ...tables, found, selector }, signal)
  }

  async grid(request: GridRequest, _remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    if (!canGrid(request)) return undefined
    const { found, tables } = await this.#find(request, request.start - request.rangeMs, signal)
    if (found.series.length === 0) return []
    return storedGrid(this.#statements, request, tables, found, signal)
  }

  async series({ sets, start, end, limits }: SeriesRequest, signal: AbortSignal): Promise<Labels[]> {
    const found = new Map<string, Labels>()
    for (const matchers of sets.length === 0 ? [[]] : sets) {
      const forms = matchingForms(await this.#catalog.metrics(''), matchers)
      const request = { selector: new Selector(matchers), forms, suffix: '', start, end, limits }
      const { series } = await this.#index.find(request, signal)
      for (const { labels } of series) found.set(labels.key, labels)
    }
    return [...found.values()]
  }

  async metadata(signal: AbortSignal): Promise<FamilyMetadata[]> {
    signal.throwIfAborted()
    return familiesOf(await this.#catalog.metrics(''))
  }

  /** Series that match, and the tables that have their samples. */
  async #find({ matchers, limits }: Pick<SelectRequest, 'matchers' | 'limits'>, after: number, signal: AbortSignal) {
    const suffix = ''
    const { database } = this.#config
    const forms = matchingForms(await this.#catalog.metrics(suffix), matchers)
    const selector = new Selector(matchers)
    const overlaps = (table: string) => overlapsOf(this.#statements, this.#config, `${table}${suffix}`, signal)
    const [found, samples, distributions] = await Promise.all([
      this.#index.find({ selector, forms, suffix, start: after, end: undefined, limits }, signal),
      overlaps('samples'),
      overlaps('distributions')
    ])
    const tables: Tables = { database, suffix, overlaps: { samples, distributions } }
    return { found, tables, selector }
  }
}
