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
import { type MetricForm, matchingForms } from './forms.ts'
import { type NumberForm, readNumbers } from './number-samples.ts'
import type { StoreConfig } from './request.ts'
import { SampleParts } from './sample-parts.ts'
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
    const parts = new SampleParts()
    let left = limits.maxSamples
    for (const [form, series] of Map.groupBy(found, one => one.form)) {
      const ofForm = forms.filter(one => one.form === form)
      const range = { names: namesOf(ofForm), ids: series.map(({ id }) => id), after, until }
      const hasDistributions = ofForm.some(({ metric }) => !NUMBERS.has(metric.kind))
      left -= await readNumbers(
        this.#statements,
        {
          database: this.#config.database,
          suffix,
          form: form as NumberForm,
          hasDistributions,
          limits: { ...limits, maxSamples: left },
          ...range
        },
        series,
        parts,
        signal
      )
    }
    return parts.selected()
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

/** Kinds of metrics whose points are numbers only. */
const NUMBERS: ReadonlySet<string> = new Set(['gauge', 'counter', 'up_down_counter'])

const namesOf = (forms: readonly MetricForm[]) => [...new Set(forms.map(({ metric }) => metric.name))]
