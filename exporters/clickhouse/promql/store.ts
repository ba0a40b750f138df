import { type Labels, METRIC_NAME } from '../../../core/promql/labels.ts'
import type { OpenedStore } from '../../../core/promql/queryable.ts'
import type {
  FamilyMetadata,
  GridRequest,
  GridSeries,
  Remarks,
  SelectedSeries,
  SelectRequest,
  SeriesRequest
} from '../../../core/promql/sample-store.ts'
import { ClickHouseEvents } from '../events/store.ts'
import { familiesOf, type StoredMetric } from './catalog.ts'
import { matchingForms } from './forms.ts'
import { GeneratedLabels } from './generated-labels.ts'
import { canGrid, storedGrid } from './grid.ts'
import type { StoreConfig } from './request.ts'
import { SampleCache } from './sample-cache.ts'
import { loadSamples } from './sample-loader.ts'
import { SampleParts } from './sample-parts.ts'
import { Selector } from './selector.ts'
import { checkSeries } from './series-index.ts'
import { type Source, Sources } from './sources.ts'
import { dayOf } from './sql-text.ts'
import type { Statements } from './statements.ts'
import { areSets, StoredSets } from './stored-sets.ts'
import { isTargetInfo, TARGET_INFO, TargetInfo } from './target-info.ts'
import { matchingTierForms } from './tier-forms.ts'
import { TieredStore } from './tiered-store.ts'

/** The tables of the compact schema, as PromQL sees them. */
export class ClickHouseStore implements OpenedStore {
  readonly events: ClickHouseEvents
  readonly #statements: Statements
  readonly #sources: Sources
  readonly #cache: SampleCache
  readonly #tiers: TieredStore
  readonly #sets: StoredSets
  readonly #targets: TargetInfo
  readonly #generated: GeneratedLabels

  constructor(config: StoreConfig, statements: Statements) {
    this.events = new ClickHouseEvents(config, statements)
    this.#statements = statements
    this.#sources = new Sources(config, statements)
    this.#cache = new SampleCache(config, statements)
    this.#tiers = new TieredStore(config, statements, this.#sources)
    this.#sets = new StoredSets(statements, this.#sources, this.#tiers)
    this.#targets = new TargetInfo(config.database, statements)
    this.#generated = new GeneratedLabels(config.database, statements)
  }

  async select(request: SelectRequest, remarks: Remarks, signal: AbortSignal): Promise<SelectedSeries[]> {
    const { matchers, after, func, limits } = request
    if (!isTargetInfo(matchers) && !this.#tiers.hasExpired(after)) {
      const kept = await this.#cache.select(await this.#sources.findSeries(request, signal), request, signal)
      if (kept !== undefined) return kept
    }
    const parts = new SampleParts()
    if (isTargetInfo(matchers)) {
      const targets = await this.#targets.find(new Selector(matchers), { start: after, end: undefined, limits }, signal)
      await this.#targets.load(targets, request, parts, signal)
    }
    const { found, tables, selector } = await this.#source(request, func, remarks, signal)
    if (found.series.length > 0)
      await loadSamples(this.#statements, { ...request, ...tables, found, selector }, parts, signal)
    return parts.selected()
  }

  async grid(request: GridRequest, remarks: Remarks, signal: AbortSignal): Promise<GridSeries[] | undefined> {
    if (areSets(request)) return this.#sets.grid(request, remarks, signal)
    if (isTargetInfo(request.matchers)) return undefined
    const after = request.start - request.rangeMs
    const isExpired = this.#tiers.hasExpired(after)
    const range = { ...request, after, until: request.end }
    // Then the engine has them from there. The last step of a graph with long ones would leave a gap behind what is kept.
    const isApart = request.start === request.end && request.stepMs > request.rangeMs
    if (
      !isExpired &&
      !isApart &&
      (await this.#cache.holds(await this.#sources.findSeries(range, signal), range, signal))
    )
      return undefined
    const ofTier = isExpired
      ? await this.#tiers.gridInstead(request, remarks, signal)
      : await this.#tiers.exactGrid(request, remarks, signal)
    if (ofTier !== undefined) return ofTier
    const { found, tables } = await this.#source(range, request.func, undefined, signal)
    if (found.series.length === 0) return []
    if (tables.suffix === '')
      return canGrid(request) ? storedGrid(this.#statements, request, tables, found, signal) : undefined
    // Other samples of a tier are for the engine to evaluate.
    return isExpired ? undefined : this.#tiers.gridInstead(request, remarks, signal)
  }

  async series({ sets, start, end, limits }: SeriesRequest, signal: AbortSignal): Promise<Labels[]> {
    const found = new Map<string, Labels>()
    for (const matchers of sets.length === 0 ? [[]] : sets) {
      const range = { selector: new Selector(matchers), suffix: '', start, end, limits }
      const forms = matchingForms(await this.#sources.metrics('', signal), matchers)
      const [own, targets] = await Promise.all([
        this.#sources.index.find({ ...range, forms }, signal),
        isTargetInfo(matchers) ? this.#targets.find(range.selector, range, signal) : []
      ])
      const isMissing = own.series.length === 0 || this.#tiers.hasExpired(start)
      const request = { ...shapeOf(start, end), matchers, limits }
      const ofTier = isMissing ? await this.#tiers.instead(request, undefined, undefined, signal) : undefined
      const sources = [{ ...range, series: own.series }]
      if (ofTier !== undefined) sources.push({ ...range, suffix: ofTier.tables.suffix, series: ofTier.found.series })
      for (const source of sources)
        for (const labels of await this.#generated.labelSets(source.series, source, signal))
          found.set(labels.key, labels)
      for (const { labels } of targets) found.set(labels.key, labels)
      checkSeries(found.size, limits)
    }
    return [...found.values()]
  }

  async names({ sets, start, end }: SeriesRequest, signal: AbortSignal): Promise<string[] | undefined> {
    signal.throwIfAborted()
    if (sets.some(matchers => matchers.some(({ name }) => name !== METRIC_NAME))) return undefined
    const isSeen = ({ firstSeen, lastSeen }: StoredMetric) => lastSeen >= dayOf(start) * 1000 && firstSeen <= end
    const own = (await this.#sources.metrics('', signal)).filter(isSeen)
    const isMissing = own.length === 0 || this.#tiers.hasExpired(start)
    const suffixes = isMissing ? this.#tiers.suffixes(shapeOf(start, end)) : []
    const ofTiers = (await Promise.all(suffixes.map(suffix => this.#sources.metrics(suffix, signal))))
      .flat()
      .filter(isSeen)
    const names = (sets.length === 0 ? [[]] : sets).flatMap(matchers => [
      ...matchingForms(own, matchers),
      ...matchingTierForms(ofTiers, matchers, undefined),
      ...(isTargetInfo(matchers) ? [{ name: TARGET_INFO.family }] : [])
    ])
    return [...new Set(names.map(({ name }) => name))]
  }

  async metadata(signal: AbortSignal): Promise<FamilyMetadata[]> {
    signal.throwIfAborted()
    return [...familiesOf(await this.#sources.metrics('', signal)), TARGET_INFO]
  }

  /** Series of the points as they came, or of a tier if those are not there. */
  async #source(
    request: Pick<SelectRequest, 'matchers' | 'after' | 'until' | 'stepMs' | 'rangeMs' | 'limits'>,
    func: string | undefined,
    remarks: Remarks | undefined,
    signal: AbortSignal
  ): Promise<Source> {
    const isExpired = this.#tiers.hasExpired(request.after)
    const expired = isExpired ? await this.#tiers.instead(request, func, remarks, signal) : undefined
    const own = expired ?? (await this.#sources.find(request, signal))
    if (isExpired || own.found.series.length > 0) return own
    return (await this.#tiers.instead(request, func, remarks, signal)) ?? own
  }
}

/** All times from `start` to `end` at once. */
const shapeOf = (start: number, end: number) => ({
  after: start,
  start,
  end,
  until: end,
  stepMs: 0,
  rangeMs: end - start
})
