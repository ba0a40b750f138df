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
import { familiesOf } from './catalog.ts'
import { matchingForms } from './forms.ts'
import { canGrid, storedGrid } from './grid.ts'
import type { StoreConfig } from './request.ts'
import { loadSamples } from './sample-loader.ts'
import { SampleParts } from './sample-parts.ts'
import { Selector } from './selector.ts'
import { Sources } from './sources.ts'
import type { Statements } from './statements.ts'
import { isTargetInfo, TARGET_INFO, TargetInfo } from './target-info.ts'
import { TieredStore } from './tiered-store.ts'

/** The tables of the compact schema, as PromQL sees them. */
export class ClickHouseStore implements SampleStore {
  readonly #statements: Statements
  readonly #sources: Sources
  readonly #tiers: TieredStore
  readonly #targets: TargetInfo

  constructor(config: StoreConfig, statements: Statements) {
    this.#statements = statements
    this.#sources = new Sources(config, statements)
    this.#tiers = new TieredStore(config, statements, this.#sources)
    this.#targets = new TargetInfo(config.database, statements)
  }

  async select(request: SelectRequest, remarks: Remarks, signal: AbortSignal): Promise<SelectedSeries[]> {
    const { matchers, after, func, limits } = request
    const parts = new SampleParts()
    if (isTargetInfo(matchers)) {
      const targets = await this.#targets.find(new Selector(matchers), { start: after, end: undefined, limits }, signal)
      await this.#targets.load(targets, request, parts, signal)
    }
    const ofTier = await this.#tiers.instead(request, func, remarks, signal)
    const { found, tables, selector } = ofTier ?? (await this.#sources.find(request, signal))
    if (found.series.length > 0)
      await loadSamples(this.#statements, { ...request, ...tables, found, selector }, parts, signal)
    return parts.selected()
  }

  async grid(request: GridRequest, remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    if (isTargetInfo(request.matchers)) return undefined
    const ofTier = await this.#tiers.grid(request, remarks, signal)
    if (ofTier !== undefined || !canGrid(request)) return ofTier
    const after = request.start - request.rangeMs
    // Samples of a tier are for the engine to evaluate.
    const instead = { ...request, after, until: request.end }
    if ((await this.#tiers.instead(instead, request.func, undefined, signal)) !== undefined) return undefined
    const { found, tables } = await this.#sources.find({ ...request, after }, signal)
    if (found.series.length === 0) return []
    return storedGrid(this.#statements, request, tables, found, signal)
  }

  async series({ sets, start, end, limits }: SeriesRequest, signal: AbortSignal): Promise<Labels[]> {
    const found = new Map<string, Labels>()
    for (const matchers of sets.length === 0 ? [[]] : sets) {
      const request = { matchers, after: start, until: end, stepMs: 0, rangeMs: end - start, limits }
      const range = { selector: new Selector(matchers), start, end, limits }
      const forms = matchingForms(await this.#sources.metrics(''), matchers)
      const [{ series }, ofTier, targets] = await Promise.all([
        this.#sources.index.find({ ...range, forms, suffix: '' }, signal),
        this.#tiers.instead(request, undefined, undefined, signal),
        isTargetInfo(matchers) ? this.#targets.find(range.selector, range, signal) : []
      ])
      for (const { labels } of [...series, ...(ofTier?.found.series ?? []), ...targets]) found.set(labels.key, labels)
    }
    return [...found.values()]
  }

  async metadata(signal: AbortSignal): Promise<FamilyMetadata[]> {
    signal.throwIfAborted()
    return [...familiesOf(await this.#sources.metrics('')), TARGET_INFO]
  }
}
