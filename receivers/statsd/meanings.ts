import { NewSeries } from '../../core/model/new-series.ts'
import { NO_RESOURCE, NO_SCOPE } from '../../core/model/series.ts'
import {
  type ItemLimits,
  type MetricKind,
  measureAll,
  measureAttributes,
  measureName,
  type SeriesTable,
  sortAttributes,
  type Temporality
} from '../../sdk/plugin/index.ts'
import { COUNTER, GAUGE, HISTOGRAM, type LineKind, type Meaning, SET, TIMER } from './line-table.ts'
import { parseNumber } from './number.ts'
import type { ParserOptions } from './parser-options.ts'
import type { Refusal } from './refusal.ts'
import type { TaggedNames } from './tag-formats.ts'
import { addOrigin, addTags, utf8 } from './tags.ts'

type Type = 'c' | 'g' | 's' | 'ms' | 'h' | 'd'
interface TypeOfLine {
  readonly line: LineKind
  readonly kind: MetricKind
  readonly temporality: Temporality
  readonly unit: string
}

const DISTRIBUTION = { line: HISTOGRAM, kind: 'histogram', temporality: 'delta', unit: '' } as const
const TYPES: Readonly<Record<Type, TypeOfLine>> = {
  c: { line: COUNTER, kind: 'counter', temporality: 'delta', unit: '' },
  g: { line: GAUGE, kind: 'gauge', temporality: 'unspecified', unit: '' },
  s: { line: SET, kind: 'set', temporality: 'delta', unit: '' },
  ms: { line: TIMER, kind: 'histogram', temporality: 'delta', unit: 'ms' },
  h: DISTRIBUTION,
  d: DISTRIBUTION
}

/** Metrics that Datadog's clients send of themselves. */
const CLIENT_TELEMETRY = 'datadog.dogstatsd.client.'
const MOST_CONTEXTS = 10_000

/** Reads the meaning of lines that were not seen lately, and adds their series. */
export class Meanings {
  readonly newSeries: NewSeries
  readonly #names: TaggedNames
  readonly #limits: ItemLimits
  readonly #dropsClientTelemetry: boolean
  /** By type and name: the ids of metrics without resource and scope, as long as no context is removed. */
  readonly #contexts = new Map<string, number>()
  #removedContexts = 0

  constructor(table: SeriesTable, { names, limits, dropsClientTelemetry }: ParserOptions) {
    this.newSeries = new NewSeries(table)
    this.#names = names
    this.#limits = limits
    this.#dropsClientTelemetry = dropsClientTelemetry
  }

  /**
   * Sections nobody knows are left alone, as Datadog and gostatsd do.
   * @param name its bytes as latin1
   * @param suffix `c|@0.1|#tag:value|c:container`, as latin1
   */
  read(name: string, suffix: string): Meaning | Refusal {
    const [type, ...sections] = suffix.split('|')
    if (!isType(type)) return 'unknown_type'
    if (this.#dropsClientTelemetry && name.startsWith(CLIENT_TELEMETRY)) return 'client_telemetry'
    let rate = 1
    const { name: plainName, attributes } = this.#names.read(utf8(name))
    for (const section of sections) {
      if (section.startsWith('@')) rate = parseNumber(Buffer.from(section, 'latin1'), 1, section.length)
      else if (section.startsWith('#')) addTags(section.slice(1), attributes)
    }
    addOrigin(sections, attributes)
    // Not so small that one line stands for more than can be counted.
    if (!(rate > 0 && rate <= 1 && Number.isFinite(1 / rate))) return 'invalid_rate'
    const length = measureAll(
      this.#limits,
      measureName(plainName, this.#limits),
      measureAttributes(attributes, this.#limits)
    )
    if (typeof length === 'string') return length
    const series = this.newSeries.receiveIn(this.#contextOf(type, plainName), sortAttributes(attributes))
    return typeof series === 'string' ? series : { kind: TYPES[type].line, rate, series }
  }

  /** Remembered, for many new series are of one metric. */
  #contextOf(type: Type, name: string): number {
    const { table } = this.newSeries
    if (table.removedContexts !== this.#removedContexts || this.#contexts.size >= MOST_CONTEXTS) this.#contexts.clear()
    this.#removedContexts = table.removedContexts
    const key = `${type} ${name}`
    const known = this.#contexts.get(key)
    if (known !== undefined) return known
    const { kind, temporality, unit } = TYPES[type]
    const context = table.contextOf({ name, description: '', kind, temporality, unit }, NO_RESOURCE, NO_SCOPE)
    this.#contexts.set(key, context)
    return context
  }
}

const isType = (text: string): text is Type => Object.hasOwn(TYPES, text)
