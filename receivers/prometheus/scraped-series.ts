import { NewSeries } from '../../core/model/new-series.ts'
import { LabelSetSeries, type SeriesContent } from '../../core/wire/prometheus/label-set-series.ts'
import { METRIC_TYPES, type MetricType } from '../../core/wire/prometheus/metric-types.ts'
import type { Context, ItemLimits } from '../../sdk/plugin/index.ts'
import type { CachedSeries } from './series-cache.ts'

const SUFFIXES = ['_total', '_bucket', '_sum', '_count', '_created', '_info', '_gsum', '_gcount']

/** Types and helps of a target's families. */
export class FamilyTypes {
  readonly #types = new Map<string, MetricType>()
  readonly #helps = new Map<string, string>()

  describe(family: string, type: string, help: string): void {
    if (type !== '') this.#types.set(family, METRIC_TYPES.find(known => known === type) ?? 'unknown')
    if (help !== '') this.#helps.set(family, help)
  }

  /** Of a series by its name, which may have a suffix that its family has not. */
  of(name: string): { readonly type: MetricType; readonly help: string } {
    const family = this.#types.has(name) ? name : withoutSuffix(name)
    return { type: this.#types.get(family) ?? 'unknown', help: this.#helps.get(family) ?? '' }
  }

  /** Those of a scrape replace those of the scrape before. */
  clear(): void {
    this.#types.clear()
    this.#helps.clear()
  }
}

function withoutSuffix(name: string): string {
  const suffix = SUFFIXES.find(suffix => name.endsWith(suffix))
  return suffix === undefined ? name : name.slice(0, -suffix.length)
}

/** Finds the series of scraped label sets. */
export class ScrapedSeries {
  readonly #context: Context
  readonly #series: LabelSetSeries
  readonly #newSeries: NewSeries

  constructor(context: Context, limits: ItemLimits) {
    this.#context = context
    this.#newSeries = new NewSeries(context.series, context.credits.capacity)
    this.#series = new LabelSetSeries(this.#newSeries, limits)
  }

  of(
    labels: readonly [string, string][],
    type: MetricType,
    help: string,
    content: SeriesContent
  ): Pick<CachedSeries, 'series' | 'reason'> {
    this.#newSeries.bytes = 0
    const id = this.#series.idOf(labels, type, content, help)
    if (typeof id === 'string') return { series: undefined, reason: id }
    return { series: this.#context.series.at(id), reason: undefined }
  }
}
