import type { Expr } from '../promql/ast.ts'
import { type EvaluationOptions, type EvaluationRange, evaluate, type QueryResult } from '../promql/engine/evaluate.ts'
import { SampleTotal } from '../promql/engine/sample-budget.ts'
import { type Labels, METRIC_NAME } from '../promql/labels.ts'
import { Matcher } from '../promql/matcher.ts'
import { parse, parseSelector } from '../promql/parser/parse.ts'
import { formatQuery } from '../promql/printer/format-query.ts'
import { toJson } from '../promql/printer/json.ts'
import type { OpenedStore } from '../promql/queryable.ts'
import { requireLabels } from '../promql/require-labels.ts'
import { resultJson } from './answer-json.ts'
import { readsAheadMs } from './cacheable.ts'
import { Changes, cachedRange, type EvaluateRange } from './cached-range.ts'
import { eventAnswer } from './event-answers.ts'
import { exemplarsAnswer } from './exemplar-answers.ts'
import type { QuerySettings } from './messages.ts'
import { rangeInParts } from './range-in-parts.ts'
import type { QueryAnswer, QueryOptions, QueryRequest, RequiredLabels } from './requests.ts'
import { type Extent, ResultCache } from './result-cache.ts'
import { type Cut, cardinality, cut, labelNames, labelValues, metadataByFamily } from './series-answers.ts'

/** As Prometheus's `evaluation_interval`: the step of subqueries that name none. */
const SUBQUERY_STEP_MS = 60_000

type Question<K extends QueryRequest['kind']> = Extract<QueryRequest, { readonly kind: K }>
type SeriesQuestion = Question<'series' | 'labels' | 'tsdb' | 'label_values'>

/** Answers all kinds of questions about one store. Methods reject with a `QueryError`. */
export class Answers {
  readonly #store: OpenedStore
  readonly #settings: QuerySettings
  readonly #cache: ResultCache
  readonly #changes = new Changes()
  /** Queries of a thread share the room of one. */
  readonly #total: SampleTotal

  constructor(store: OpenedStore, settings: QuerySettings) {
    this.#store = store
    this.#settings = settings
    this.#cache = new ResultCache(settings.cacheBytes)
    this.#total = new SampleTotal(settings.limits.maxSamples)
  }

  /** Samples from `time` on, Unix ms, have changed. */
  changed(time: number): void {
    this.#cache.invalidate(time)
    this.#changes.add(time)
  }

  async answer(request: QueryRequest, required: RequiredLabels, signal: AbortSignal): Promise<QueryAnswer> {
    switch (request.kind) {
      case 'query':
        return this.#instant(request, required, signal)
      case 'query_range':
        return this.#range(request, required, signal)
      case 'metadata':
        return this.#metadata(request, required, signal)
      case 'format_query':
        return answer(JSON.stringify(formatQuery(this.#parse(request.text))))
      case 'parse_query':
        return answer(JSON.stringify(toJson(this.#parse(request.text))))
      case 'events':
        return answer(JSON.stringify(await eventAnswer(this.#store.events, request.question, required, signal)))
      case 'exemplars': {
        const { start, end, text } = request
        const asked = { expr: this.#parse(text), start, end }
        return answer(JSON.stringify(await exemplarsAnswer(this.#store.events, asked, required, signal)))
      }
      default:
        return this.#series(request, required, signal)
    }
  }

  async #instant({ text, time, options }: Question<'query'>, required: RequiredLabels, signal: AbortSignal) {
    const expr = requireLabels(this.#parse(text), required)
    const range = { start: time, end: time, stepMs: 0 }
    const result = await evaluate(expr, range, this.#store, this.#options(text, options, signal))
    const { value, warnings, infos } = result
    const stats = options.stats ? statsOf(result) : undefined
    if (value.type !== 'vector') return answer(resultJson(value, stats), warnings, infos)
    const { data: samples, warnings: more } = cut([...value.samples], options.limit)
    return answer(resultJson({ ...value, samples }, stats), [...warnings, ...more], infos)
  }

  async #range(request: Question<'query_range'>, required: RequiredLabels, signal: AbortSignal) {
    const { text, start, end, stepMs, options } = request
    const expr = requireLabels(this.#parse(text), required)
    const settings = this.#options(text, options, signal)
    const evaluatePart = async (from: number, until: number) => {
      const result = await evaluate(expr, { start: from, end: until, stepMs }, this.#store, settings)
      return extentOf(result, from, until, stepMs)
    }
    const extent = await this.#extent(expr, { start, end, stepMs }, settings, evaluatePart)
    const { data: series, warnings } = cut([...extent.series], options.limit)
    return answer(resultJson({ type: 'matrix', series }), [...extent.warnings, ...warnings], extent.infos)
  }

  /** Results that do not depend on the range may be those of its parts, or be known. */
  #extent(expr: Expr, range: EvaluationRange, settings: EvaluationOptions, evaluatePart: EvaluateRange) {
    const aheadMs = readsAheadMs(expr)
    if (aheadMs === undefined) return evaluatePart(range.start, range.end)
    const { stepMs } = range
    const inParts: EvaluateRange = (start, end) =>
      rangeInParts({ start, end, stepMs }, evaluatePart, settings.limits, this.#total)
    if (this.#settings.cacheBytes === 0) return inParts(range.start, range.end)
    const key = `${settings.lookbackMs} ${formatQuery(expr)}`
    return cachedRange({ key, ...range, aheadMs }, this.#cache, this.#changes, inParts)
  }

  async #series(question: SeriesQuestion, required: RequiredLabels, signal: AbortSignal): Promise<QueryAnswer> {
    const { matches, start, end, limit, kind } = question
    const own = required.map(([name, value]) => new Matcher(name, '=', value))
    const given = matches.map(text => [...parseSelector(text), ...own])
    const sets = given.length === 0 && own.length > 0 ? [own] : given
    const request = { sets, start, end, limits: this.#settings.limits }
    // There may be more series than can be listed.
    const isOfNames = kind === 'label_values' && question.label === METRIC_NAME
    const names = isOfNames ? await this.#store.names?.(request, signal) : undefined
    if (names !== undefined) return cutAnswer(cut(names.sort(), limit))
    const series = await this.#store.series(request, signal)
    switch (kind) {
      case 'series':
        return cutAnswer(cut(series, limit))
      case 'labels':
        return cutAnswer(labelNames(series, limit))
      case 'label_values':
        return cutAnswer(labelValues(series, question.label, limit))
      case 'tsdb':
        return answer(JSON.stringify(cardinality(series, limit, start, end)))
    }
  }

  async #metadata({ metric, limit }: Question<'metadata'>, required: RequiredLabels, signal: AbortSignal) {
    const families = await this.#store.metadata(signal)
    const own = required.length === 0 ? undefined : await this.#familiesOf(required, signal)
    const seen = families.filter(({ family }) => own?.has(family) ?? true)
    return answer(JSON.stringify(metadataByFamily(seen, metric, limit)))
  }

  /** The metrics that a tenant has, with and without the endings of histograms. */
  async #familiesOf(required: RequiredLabels, signal: AbortSignal): Promise<Set<string>> {
    const sets = [required.map(([name, value]) => new Matcher(name, '=', value))]
    const range = { start: 0, end: Number.MAX_SAFE_INTEGER, limits: this.#settings.limits }
    const series = await this.#store.series({ sets, ...range }, signal)
    const names = series.map((labels: Labels) => labels.get(METRIC_NAME))
    return new Set(names.flatMap(name => [name, name.replace(/_(bucket|sum|count)$/, '')]))
  }

  #parse(text: string) {
    return parse(text, { experimental: this.#settings.experimental })
  }

  #options(text: string, { lookbackMs }: QueryOptions, signal: AbortSignal): EvaluationOptions {
    return {
      text,
      lookbackMs: lookbackMs ?? this.#settings.lookbackMs,
      defaultSubqueryStepMs: SUBQUERY_STEP_MS,
      limits: this.#settings.limits,
      total: this.#total,
      delayedNameRemoval: false,
      signal
    }
  }
}

function extentOf({ value, warnings, infos }: QueryResult, start: number, end: number, stepMs: number): Extent {
  if (value.type !== 'matrix') throw new TypeError(`a range query has a ${value.type} as its result`)
  return { start, end, stepMs, series: value.series, warnings, infos }
}

function statsOf({ statistics }: QueryResult): object {
  return { samples: { totalQueryableSamples: statistics.samplesRead, peakSamples: statistics.peakSamples } }
}

function cutAnswer({ data, warnings }: Cut<unknown>): QueryAnswer {
  return answer(JSON.stringify(data), warnings)
}

function answer(json: string, warnings: readonly string[] = [], infos: readonly string[] = []): QueryAnswer {
  return { data: new TextEncoder().encode(json), warnings, infos }
}
