import assert from 'node:assert/strict'
import { setImmediate } from 'node:timers/promises'
import type { Attributes } from '../../../../core/model/attributes.ts'
import { PointBlockBuilder } from '../../../../core/model/points.ts'
import { type Metric, NO_RESOURCE, NO_SCOPE } from '../../../../core/model/series.ts'
import { AttributeSplice } from '../../../../core/model/series-table/attribute-splice.ts'
import { SeriesTable } from '../../../../core/model/series-table/series-table.ts'
import { runThrough } from '../../../../core/model/stepwise.ts'
import { rowsBySeries } from '../../../../core/wire/prometheus/samples.ts'
import type { TranslationStrategy } from '../../../../core/wire/prometheus/translation-strategy.ts'
import { Translator, type TranslatorOptions } from '../../../../core/wire/prometheus/translator.ts'
import { LabelSets } from '../../../../core/wire/remote-write/label-sets.ts'
import { encodeWriteRequests } from '../../../../core/wire/remote-write/write-request.ts'
import { collectGarbage } from '../../../garbage.ts'
import { readWriteRequest } from './read-write-request.ts'

const NOW = 1_760_000_000_000
export const METRIC: Metric = { name: 'requests', unit: '', description: '', kind: 'gauge', temporality: 'unspecified' }
/** A metric whose series have the same labels. */
export const TWIN: Metric = { ...METRIC, kind: 'up_down_counter', temporality: 'cumulative' }
/** A metric that windows are made of. */
const REQUESTS: Metric = { ...METRIC, kind: 'counter', temporality: 'delta' }
export const WINDOW = new AttributeSplice([['window', '10s']], ['window'])
export const STRATEGIES: readonly TranslationStrategy[] = ['UnderscoreEscapingWithSuffixes', 'NoTranslation']
export const NO_LABELS: Readonly<Record<string, string>> = {}
export const WAYS = ['received', 'linked', 'in parts'] as const
export type Way = (typeof WAYS)[number]

/** A translator with its label sets, as an exporter has them. */
export class Store {
  readonly table = new SeriesTable()
  readonly sets: LabelSets
  readonly #options: TranslatorOptions
  #translator!: Translator

  constructor(strategy: TranslationStrategy = STRATEGIES[0], externalLabels = NO_LABELS) {
    this.#options = {
      strategy,
      externalLabels,
      promoteResourceAttributes: [],
      targetInfo: false,
      exponentialHistograms: 'vmrange'
    }
    this.sets = new LabelSets(this.table, strategy, (series, set) => this.#translator.relabel(series, set))
    this.renew()
  }

  /** A new translator over the same label sets. */
  renew(): void {
    this.#translator = new Translator(this.table, this.#options, this.sets)
    this.sets.addHolder(this.#translator)
  }

  received(attributes: Attributes, metric = METRIC): number {
    return this.table.receive(this.table.contextOf(metric, NO_RESOURCE, NO_SCOPE), attributes)
  }

  /** The series that windows would make of a received one. */
  windowOf(attributes: Attributes, splice = WINDOW, metric = METRIC): number | undefined {
    const context = this.table.contextOf(metric, NO_RESOURCE, NO_SCOPE)
    return this.table.idWith(this.received(attributes, REQUESTS), context, splice)
  }

  /** The id of a series with these attributes, and that of windows if it is not received. */
  idOf(attributes: Attributes, way: Way): number {
    if (way === 'received') return this.received(attributes, TWIN)
    const linked = way === 'linked' ? this.windowOf(attributes) : undefined
    return linked ?? this.table.idOf(METRIC, withWindow(attributes))
  }

  /** The samples of one point of each series, as a store reads them: labels as text, and the value. */
  write(ids: readonly number[]): [labels: string, value: number][] {
    const points = new PointBlockBuilder()
    for (const [i, id] of ids.entries()) points.addId(this.table, id, NOW, i + 1)
    const { samples } = this.#translator.translate(points.build(), NOW)
    const requests = encodeWriteRequests(samples, this.sets, rowsBySeries(samples), [], 1000)
    return Array.from(requests, encoding => readWriteRequest(runThrough(encoding).body).series).flatMap(series =>
      series.map(({ labels, samples }): [string, number] => [JSON.stringify(labels), samples[0].value])
    )
  }

  async expire(): Promise<void> {
    await setImmediate()
    collectGarbage()
    runThrough(this.table.expireIdle(1))
    runThrough(this.sets.expireIdle())
  }

  async expireAll(): Promise<void> {
    for (let i = 0; i < 4; i++) await this.expire()
    assert.equal(this.table.size, 0)
  }
}

export function withWindow(attributes: Attributes): Attributes {
  const others = attributes.filter(([name]) => name !== 'window')
  return [...others, ['window', '10s'] as const].sort(([a], [b]) => (a < b ? -1 : 1))
}
