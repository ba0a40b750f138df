import type { Labels } from '../../../core/promql/labels.ts'
import { QueryError } from '../../../core/promql/query-error.ts'
import type { QueryLimits } from '../../../core/promql/sample-store.ts'
import { orAborted } from '../or-aborted.ts'
import { metricKey, type StoredMetric } from './catalog.ts'
import { FORM_LABELS, type Form, type MetricForm } from './forms.ts'
import { FoundMemo } from './found-memo.ts'
import { TIER_ATTRIBUTES } from './naming.ts'
import { EVERYTHING } from './selector.ts'
import { type FindRequest, foundIn, namesOf, type SeriesIds, SeriesIdsIndex } from './series-ids.ts'
import { idList } from './sql-text.ts'
import type { Statements } from './statements.ts'
import { namedLabels, SharedParts, type StoredSeries, seriesOf, seriesSql } from './stored-series.ts'

/** Series that are remembered, some 2 KB each. */
const MAX_KNOWN = 100_000
const NONE_HIDDEN: ReadonlySet<string> = new Set()
/** Series read at a time. */
const PAGE = 50_000

/** One form of a series. */
export interface FoundSeries {
  readonly id: bigint
  readonly metric: StoredMetric
  readonly form: Form
  /** Of the form. */
  readonly name: string
  /** With this name; without the label that tells series of the form apart. Made when they are asked for: most results have no name. */
  readonly labels: Labels
  /** The same without the name. */
  readonly nameless: Labels
}

export interface SearchRequest extends FindRequest {
  readonly limits: QueryLimits
}

export interface Found {
  readonly series: readonly FoundSeries[]
  /** True if all stored series of these metrics' names are among them, as far as they may have samples. */
  readonly isAll: boolean
  /** How many series these names have; infinity if not all of them were looked at. */
  readonly candidates: number
  /** Unix ms: when the first of them was seen first, as far as is known. */
  readonly firstMs: number
}

/** Series by their matchers. Their labels are kept by `series_id`, as they never change. */
export class SeriesIndex {
  readonly #database: string
  readonly #statements: Statements
  readonly #ids: SeriesIdsIndex
  readonly #known = new Map<bigint, StoredSeries>()
  /** The last reading of series under way, by table and metrics: others wait for what it finds. */
  readonly #reading = new Map<string, Promise<unknown>>()
  readonly #shared = new SharedParts()
  readonly #found = new FoundMemo<Found>()

  constructor(database: string, statements: Statements) {
    this.#database = database
    this.#statements = statements
    this.#ids = new SeriesIdsIndex(database, statements)
  }

  /** The forms of series that match. Rejects with a `QueryError` if they are too many. */
  async find(request: SearchRequest, signal: AbortSignal): Promise<Found> {
    const { forms, limits } = request
    if (forms.length === 0) return { series: [], isAll: false, candidates: 0, firstMs: Number.POSITIVE_INFINITY }
    const ids = await this.#ids.find(request, signal)
    const known = this.#found.get(request, ids)
    const found = known ?? (await this.#match(request, ids, signal))
    checkSeries(found.series.length, limits)
    if (known === undefined) this.#found.put(request, ids, found)
    return found
  }

  async #match(request: SearchRequest, { ids, firstMs }: SeriesIds, signal: AbortSignal): Promise<Found> {
    const { forms, selector, limits } = request
    const byMetric = Map.groupBy(forms, ({ metric }) => metricKey(metric))
    const found: FoundSeries[] = []
    let isAll = selector.prefilter() === EVERYTHING
    const candidates = isAll ? ids.length : Number.POSITIVE_INFINITY
    for await (const series of this.#candidates(request, ids, signal)) {
      const before = found.length
      for (const { metric, form, name } of byMetric.get(series.metric) ?? []) {
        if (!selector.matches(series, series.labels, FORM_LABELS[form])) continue
        found.push(new FormOfSeries(series, { metric, form, name }))
        checkSeries(found.length, limits)
      }
      isAll &&= found.length > before
    }
    return { series: found, isAll, candidates, firstMs }
  }

  async *#candidates(
    request: SearchRequest,
    ids: readonly bigint[],
    signal: AbortSignal
  ): AsyncGenerator<StoredSeries> {
    for (let from = 0; from < ids.length; from += PAGE)
      yield* await this.#page(request, ids.slice(from, from + PAGE), ids.length <= PAGE, signal)
  }

  /**
   * Panels that are drawn at once want the same series, and one of them reads those.
   * @param isAll true if these are all that the request finds
   */
  async #page(
    request: SearchRequest,
    ids: readonly bigint[],
    isAll: boolean,
    signal: AbortSignal
  ): Promise<StoredSeries[]> {
    const key = `${request.suffix} ${namesOf(request.forms)}`
    while (ids.some(id => !this.#known.has(id)) && this.#reading.has(key))
      await orAborted(this.#reading.get(key)!, signal)
    // Looked up before the wait, in which others may discard what is known.
    const known = ids.map(id => this.#known.get(id)).filter(series => series !== undefined)
    const unknown = ids.filter(id => !this.#known.has(id))
    if (unknown.length === 0) return known
    // A list of thousands of ids takes ClickHouse longer than their rows.
    const isWhole = isAll && unknown.length === ids.length && request.selector.prefilter() === EVERYTHING
    const reading = this.#read(request, isWhole ? undefined : unknown, signal).finally(() => this.#reading.delete(key))
    this.#reading.set(
      key,
      reading.catch(() => {})
    )
    const read = await reading
    if (!isWhole) return [...known, ...read]
    // Others may have come since.
    const wanted = new Set(ids)
    return read.filter(({ id }) => wanted.has(id))
  }

  /** @param ids of a part of the series, or undefined: all that the request finds */
  async #read(
    request: SearchRequest,
    ids: readonly bigint[] | undefined,
    signal: AbortSignal
  ): Promise<StoredSeries[]> {
    const { forms, suffix } = request
    const ofIds = () => `${this.#database}.series${suffix} AS s
       WHERE s.name IN ${namesOf(forms)} AND series_id IN ${idList(ids!)} GROUP BY series_id`
    const rows = ids === undefined ? foundIn(this.#database, request) : ofIds()
    const blocks = await this.#statements.ask(seriesSql(rows), signal)
    const hidden = suffix === '' ? NONE_HIDDEN : TIER_ATTRIBUTES
    const read = blocks.flatMap(block => seriesOf(block, this.#shared, hidden))
    this.#remember(read)
    return read
  }

  #remember(read: readonly StoredSeries[]): void {
    if (this.#known.size + read.length > MAX_KNOWN) this.#known.clear()
    if (read.length > MAX_KNOWN) return
    for (const series of read) this.#known.set(series.id, series)
  }
}

class FormOfSeries implements FoundSeries {
  readonly metric: StoredMetric
  readonly form: Form
  readonly name: string
  readonly #series: StoredSeries

  constructor(series: StoredSeries, { metric, form, name }: MetricForm) {
    this.metric = metric
    this.form = form
    this.name = name
    this.#series = series
  }

  get id(): bigint {
    return this.#series.id
  }

  get labels(): Labels {
    return namedLabels(this.#series, this.name)
  }

  get nameless(): Labels {
    return this.#series.labels
  }
}

/** Throws a `QueryError` if a query has more series than it may. */
export function checkSeries(series: number, { maxSeries }: QueryLimits): void {
  if (series > maxSeries)
    throw new QueryError(
      'execution',
      `a selector of the query matches more than ${maxSeries} series (max_series): narrow it by labels`
    )
}
