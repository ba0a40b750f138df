import type { Labels } from '../../../core/promql/labels.ts'
import type {
  FamilyMetadata,
  Remarks,
  SampleStore,
  SelectedSeries,
  SelectRequest,
  SeriesRequest
} from '../../../core/promql/sample-store.ts'
import { Catalog, familiesOf } from './catalog.ts'
import { matchingForms } from './forms.ts'
import type { StoreConfig } from './request.ts'
import { loadSamples } from './sample-loader.ts'
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
    const { matchers, after, until, limits } = request
    const suffix = ''
    const forms = matchingForms(await this.#catalog.metrics(suffix), matchers)
    const selector = new Selector(matchers)
    const found = await this.#index.find({ selector, forms, suffix, start: after, end: until, limits }, signal)
    return loadSamples(
      this.#statements,
      { database: this.#config.database, suffix, found, selector, after, until, limits },
      signal
    )
  }

  async series({ sets, start, end, limits }: SeriesRequest, signal: AbortSignal): Promise<Labels[]> {
    const found = new Map<string, Labels>()
    for (const matchers of sets.length === 0 ? [[]] : sets) {
      const forms = matchingForms(await this.#catalog.metrics(''), matchers)
      const request = { selector: new Selector(matchers), forms, suffix: '', start, end, limits }
      for (const { labels } of await this.#index.find(request, signal)) found.set(labels.key, labels)
    }
    return [...found.values()]
  }

  async metadata(signal: AbortSignal): Promise<FamilyMetadata[]> {
    signal.throwIfAborted()
    return familiesOf(await this.#catalog.metrics(''))
  }
}
