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
import { SampleParts } from './sample-parts.ts'
import type { Tables } from './sample-sources.ts'
import { Selector } from './selector.ts'
import { SeriesIndex } from './series-index.ts'
import type { Statements } from './statements.ts'
import { isTargetInfo, TARGET_INFO, TargetInfo } from './target-info.ts'

/** The tables of the compact schema, as PromQL sees them. */
export class ClickHouseStore implements SampleStore {
  readonly #config: StoreConfig
  readonly #statements: Statements
  readonly #catalog: Catalog
  readonly #index: SeriesIndex
  readonly #targets: TargetInfo

  constructor(config: StoreConfig, statements: Statements) {
    this.#config = config
    this.#statements = statements
    this.#catalog = new Catalog(config, statements)
    this.#index = new SeriesIndex(config.database, statements)
    this.#targets = new TargetInfo(config.database, statements)
  }

  async select(request: SelectRequest, _remarks: Remarks, signal: AbortSignal): Promise<SelectedSeries[]> {
    const { matchers, after, limits } = request
    const parts = new SampleParts()
    if (isTargetInfo(matchers)) {
      const targets = await this.#targets.find(new Selector(matchers), { start: after, end: undefined, limits }, signal)
      await this.#targets.load(targets, request, parts, signal)
    }
    const { found, tables, selector } = await this.#find(request, after, signal)
    if (found.series.length > 0)
      await loadSamples(this.#statements, { ...request, ...tables, found, selector }, parts, signal)
    return parts.selected()
  }

  async grid(request: GridRequest, _remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    if (!canGrid(request) || isTargetInfo(request.matchers)) return undefined
    const { found, tables } = await this.#find(request, request.start - request.rangeMs, signal)
    if (found.series.length === 0) return []
    return storedGrid(this.#statements, request, tables, found, signal)
  }

  async series({ sets, start, end, limits }: SeriesRequest, signal: AbortSignal): Promise<Labels[]> {
    const found = new Map<string, Labels>()
    for (const matchers of sets.length === 0 ? [[]] : sets) {
      const selector = new Selector(matchers)
      const range = { start, end, limits }
      const forms = matchingForms(await this.#catalog.metrics(''), matchers)
      const targets = isTargetInfo(matchers) ? await this.#targets.find(selector, range, signal) : []
      const { series } = await this.#index.find({ ...range, selector, forms, suffix: '' }, signal)
      for (const { labels } of [...series, ...targets]) found.set(labels.key, labels)
    }
    return [...found.values()]
  }

  async metadata(signal: AbortSignal): Promise<FamilyMetadata[]> {
    signal.throwIfAborted()
    return [...familiesOf(await this.#catalog.metrics('')), TARGET_INFO]
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
