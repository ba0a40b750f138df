import type { ExpositionHandler } from '../../core/wire/exposition/handler.ts'
import { parseExposition } from '../../core/wire/exposition/parse.ts'
import type { SeriesContent } from '../../core/wire/prometheus/label-set-series.ts'
import type { NativeHistogram } from '../../core/wire/prometheus/native-histogram.ts'
import { BadInputError, FLAG_NO_RECORDED_VALUE, type PointBlock, PointBlockBuilder } from '../../sdk/plugin/index.ts'
import type { ScrapeConfig } from './config.ts'
import type { LabelMap } from './label-map.ts'
import type { Answer } from './request.ts'
import { FamilyTypes, type ScrapedSeries } from './scraped-series.ts'
import { type CachedSeries, SeriesCache } from './series-cache.ts'
import type { Target } from './target.ts'

/** Metrics about a scrape, as Prometheus names them. */
const REPORTS = [
  'up',
  'scrape_duration_seconds',
  'scrape_samples_scraped',
  'scrape_samples_post_metric_relabeling',
  'scrape_series_added'
] as const

export interface ScrapeParts {
  readonly config: ScrapeConfig
  readonly labelsOf: (text: string, target: Target) => LabelMap | undefined
  readonly series: ScrapedSeries
  /** Books a sample that is not taken. */
  readonly drop: (reason: string) => void
}

/** Turns the answers of one target into points, and knows which series end. */
export class TargetScraper implements ExpositionHandler {
  readonly #target: Target
  readonly #parts: ScrapeParts
  readonly #cache = new SeriesCache()
  readonly #types = new FamilyTypes()
  #reports: CachedSeries[] | undefined
  #builder = new PointBlockBuilder()
  /** Series with a point in this scrape, which become live once all of it is good. */
  #live: CachedSeries[] = []
  #ended: CachedSeries[] = []
  #time = 0
  #scraped = 0
  #kept = 0
  #added = 0

  constructor(target: Target, parts: ScrapeParts) {
    this.#target = target
    this.#parts = parts
  }

  /**
   * Points of a scrape, its report and stale markers.
   * @param answer or the error for which there is none
   * @param time of the scrape, Unix ms
   */
  read(
    answer: Answer | Error,
    time: number,
    durationMs: () => number
  ): { block: PointBlock; error: Error | undefined } {
    this.#time = time
    const error = answer instanceof Error ? answer : this.#parse(answer)
    if (error !== undefined) {
      this.#builder = new PointBlockBuilder()
      this.#cache.endAll(series => this.#end(series))
    }
    if (answer instanceof Error) this.#scraped = this.#kept = this.#added = 0
    const figures = [error === undefined ? 1 : 0, durationMs() / 1000, this.#scraped, this.#kept, this.#added]
    for (const [i, { series }] of this.#reportSeries().entries())
      if (series !== undefined) this.#builder.add(series, time, figures[i])
    return { block: this.#builder.build(), error }
  }

  /** Stale markers of everything: the target is gone. */
  endAll(time: number): PointBlock {
    this.#builder = new PointBlockBuilder()
    this.#time = time
    this.#cache.endAll(series => this.#end(series))
    for (const { series } of this.#reports ?? []) if (series !== undefined) this.#end(series)
    return this.#builder.build()
  }

  describe(family: string, type: string, help: string): void {
    this.#types.describe(family, type, help)
  }

  sample(text: string, value: number, time: number): void {
    const series = this.#seriesOf(text, text, 'number', time)
    if (series !== undefined) this.#builder.add(series, this.#timeOf(time), value)
  }

  histogram(text: string, histogram: NativeHistogram, time: number): void {
    const distribution = histogram.distribution()
    if (typeof distribution === 'string') return this.#parts.drop(distribution)
    // A family may have both kinds of points.
    const series = this.#seriesOf(`${distribution.kind} ${text}`, text, distribution.kind as SeriesContent, time)
    if (series !== undefined) this.#builder.addDistribution(series, this.#timeOf(time), distribution, histogram.start)
  }

  #parse({ body, contentType }: Answer): Error | undefined {
    this.#builder = new PointBlockBuilder()
    this.#scraped = this.#kept = this.#added = 0
    this.#live = []
    this.#ended = []
    this.#types.clear()
    this.#cache.begin()
    try {
      parseExposition(body, contentType, this)
    } catch (error) {
      if (!BadInputError.is(error)) throw error
      return error
    }
    for (const entry of this.#live) entry.isLive = true
    for (const entry of this.#ended) entry.isLive = false
    this.#cache.endMissing(series => this.#end(series))
    return undefined
  }

  /** The series of a sample; undefined if it is dropped. */
  #seriesOf(key: string, text: string, content: SeriesContent, time: number) {
    this.#scraped++
    let isNew = false
    const entry = this.#cache.get(key, () => {
      isNew = true
      return this.#make(text, content)
    })
    const { series, reason } = entry
    this.#cache.see(entry)
    if (reason !== undefined) this.#parts.drop(reason)
    if (series === undefined) return undefined
    const { sample_limit } = this.#parts.config
    if (++this.#kept > sample_limit && sample_limit > 0)
      throw new BadInputError(`there are more samples than sample_limit, ${sample_limit}`)
    if (isNew) this.#added++
    // Nobody knows when a series ends whose times are its own.
    if (this.#hasOwnTime(time)) this.#ended.push(entry)
    else this.#live.push(entry)
    return series
  }

  #make(text: string, content: SeriesContent) {
    const labels = this.#parts.labelsOf(text, this.#target)
    if (labels === undefined) return { series: undefined, reason: undefined }
    const { type, help } = this.#types.of(nameOf(text))
    return this.#parts.series.of(labels.entries(), type, help, content)
  }

  #hasOwnTime(time: number): boolean {
    return this.#parts.config.honor_timestamps && !Number.isNaN(time)
  }

  #timeOf(time: number): number {
    return this.#hasOwnTime(time) ? time : this.#time
  }

  #end(series: NonNullable<CachedSeries['series']>): void {
    this.#builder.add(series, this.#time, Number.NaN, 0, FLAG_NO_RECORDED_VALUE)
  }

  #reportSeries(): CachedSeries[] {
    this.#reports ??= REPORTS.map(name => {
      const made = this.#parts.series.of(
        [['__name__', name], ...this.#target.labels.map(([k, v]): [string, string] => [k, v])],
        'gauge',
        '',
        'number'
      )
      return { ...made, seenIn: 0, isLive: false }
    })
    return this.#reports
  }
}

/** The name that families are described by, before any relabelling. */
function nameOf(text: string): string {
  const brace = text.indexOf('{')
  if (brace < 0) return text
  if (brace > 0) return text.slice(0, brace).trimEnd()
  return text.slice(text.indexOf('"') + 1, text.indexOf('"', text.indexOf('"') + 1))
}
