import type { Matcher } from '../../../core/promql/matcher.ts'
import type { QueryLimits } from '../../../core/promql/sample-store.ts'
import { Catalog, type StoredMetric } from './catalog.ts'
import { type MetricForm, matchingForms } from './forms.ts'
import { type Overlaps, TableOverlaps } from './overlaps.ts'
import type { StoreConfig } from './request.ts'
import { hasDistributions, type Tables } from './sample-sources.ts'
import { Selector } from './selector.ts'
import { type Found, SeriesIndex } from './series-index.ts'
import type { Statements } from './statements.ts'

/** What is looked for. */
export interface SourceRequest {
  readonly matchers: readonly Matcher[]
  /** Unix ms: samples after this time. */
  readonly after: number
  readonly limits: QueryLimits
}

/** Series, and the tables that have their samples. */
export interface Source {
  readonly found: Found
  readonly tables: Tables
  readonly selector: Selector
}

/** Series without a tier, and a way to ask about the tables that have their samples. */
export interface SeriesSource {
  readonly found: Found
  tables(signal: AbortSignal): Promise<Tables>
}

/** Finds series in the tables without a tier, or in those of one. */
export class Sources {
  readonly index: SeriesIndex
  readonly #config: StoreConfig
  readonly #catalog: Catalog
  readonly #overlaps: TableOverlaps

  constructor(config: StoreConfig, statements: Statements) {
    this.#config = config
    this.#catalog = new Catalog(config, statements)
    this.#overlaps = new TableOverlaps(config, statements)
    this.index = new SeriesIndex(config.database, statements)
  }

  /** Metrics of tables with this suffix. */
  metrics(suffix: string, signal: AbortSignal): Promise<readonly StoredMetric[]> {
    return this.#catalog.metrics(suffix, signal)
  }

  /** In the tables without a tier. */
  async find(request: SourceRequest, signal: AbortSignal): Promise<Source> {
    return this.findForms(request, '', matchingForms(await this.metrics('', signal), request.matchers), signal)
  }

  /** In the tables with this suffix. */
  async findForms(
    { matchers, after, limits }: SourceRequest,
    suffix: string,
    forms: readonly MetricForm[],
    signal: AbortSignal
  ): Promise<Source> {
    const selector = new Selector(matchers)
    const [found, tables] = await Promise.all([
      this.index.find({ selector, forms, suffix, start: after, end: undefined, limits }, signal),
      this.#tables(suffix, forms, signal)
    ])
    return { found, tables, selector }
  }

  /** In the tables without a tier, of which nothing is asked before `tables` is called. */
  async findSeries({ matchers, after, limits }: SourceRequest, signal: AbortSignal): Promise<SeriesSource> {
    const forms = matchingForms(await this.metrics('', signal), matchers)
    const selector = new Selector(matchers)
    const found = await this.index.find({ selector, forms, suffix: '', start: after, end: undefined, limits }, signal)
    return { found, tables: until => this.#tables('', forms, until) }
  }

  async #tables(suffix: string, forms: readonly MetricForm[], signal: AbortSignal): Promise<Tables> {
    const overlaps = (table: string, isRead: boolean): Overlaps | Promise<Overlaps> =>
      isRead ? this.#overlaps.of(`${table}${suffix}`, signal) : 'all'
    const [samples, distributions] = await Promise.all([
      overlaps('samples', forms.length > 0),
      overlaps('distributions', hasDistributions(forms))
    ])
    return { database: this.#config.database, suffix, overlaps: { samples, distributions } }
  }
}
