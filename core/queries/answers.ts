import { evaluate, type QueryResult } from '../promql/engine/evaluate.ts'
import type { Labels } from '../promql/labels.ts'
import { Matcher } from '../promql/matcher.ts'
import { formatQuery } from '../promql/parser/format.ts'
import { parse, parseSelector } from '../promql/parser/parse.ts'
import { toJson } from '../promql/parser/json.ts'
import { requireLabels } from '../promql/require-labels.ts'
import type { SampleStore } from '../promql/sample-store.ts'
import { resultJson } from './answer-json.ts'
import { readsAheadMs } from './cacheable.ts'
import { Changes, cachedRange } from './cached-range.ts'
import type { QuerySettings } from './messages.ts'
import type { QueryAnswer, QueryRequest, RequiredLabels } from './requests.ts'
import { type Extent, ResultCache } from './result-cache.ts'
import { cardinality, cut, labelNames, labelValues, metadataByFamily } from './series-answers.ts'
import type { SeriesMatchers } from './series-matchers.ts'

/** As Prometheus's `evaluation_interval`: the step of subqueries that name none. */
const SUBQUERY_STEP_MS = 60_000

type Question<K extends QueryRequest['kind']> = Extract<QueryRequest, { readonly kind: K }>

/** Answers all kinds of questions about one store. Methods reject with a `QueryError`. */
export class Answers {
  readonly #store: SampleStore
  readonly #settings: QuerySettings
  readonly #cache: ResultCache
  readonly #changes = new Changes()

  constructor(store: SampleStore, settings: QuerySettings) {
    this.#store = store
    this.#settings = settings
    this.#cache = new ResultCache(settings.cacheBytes)
  }

  /** Samples from `time` on, Unix ms, have changed. */
  changed(time: number): void {
    this.#cache.invalidate(time)
    this.#changes.add(time)
  }

  answer(request: QueryRequest, required: RequiredLabels, signal: AbortSignal): Promise<QueryAnswer> {
    switch (request.kind) {
      case 'query':
        return this.#instant(request, required, signal)
      case 'query_range':
        return this.#range(request, required, signal)
      case 'metadata':
        return this.#metadata(request, required, signal)
      case 'format_query':
        return Promise.try(() => answer(formatQuery(this.#parse(request.text))))
      case 'parse_query':
        return Promise.try(() => answer(toJson(this.#parse(request.text))))
      default:
        return this.#series(request, required, signal)
    }
  }

  async #instant({ text, time, options }: Question<'query'>, required: RequiredLabels, signal: AbortSignal) {
    const expr = requireLabels(this.#parse(text), required)
    const result = await evaluate(expr, { start: time, end: time, stepMs: 0 }, this.#store, this.#options(text, options, signal))
    return ofResult(result, options)
  }

  async #range(request: Question<'query_range'>, required: RequiredLabels, signal: AbortSignal) {
    const { text, start, end, stepMs, options } = request
    const expr = requireLabels(this.#parse(text), required)
    const settings = this.#options(text, options, signal)
    const evaluatePart = async (start: number, end: number) =>
      extentOf(await evaluate(expr, { start, end, stepMs }, this.#store, settings), start, end, stepMs)
    const aheadMs = readsAheadMs(expr)
    const key = `${settings.lookbackMs} ${formatQuery(expr)}`
    const extent =
      aheadMs === undefined
        ? await evaluatePart(start, end)
        : await cachedRange({ key, start, end, stepMs, aheadMs }, this.#cache, this.#changes, evaluatePart)
    return ofExtent(extent, options)
  }
}
