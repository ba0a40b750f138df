import { NewSeries } from '../../core/model/series-bytes.ts'
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
import type { Refusal } from './refusal.ts'
import type { TaggedNames } from './tag-formats.ts'
import { addContainer, addTags, utf8 } from './tags.ts'

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

/** Reads the meaning of lines that were not seen lately, and adds their series. */
export class Meanings {
  readonly newSeries: NewSeries
  readonly #names: TaggedNames
  readonly #limits: ItemLimits

  constructor(table: SeriesTable, names: TaggedNames, limits: ItemLimits) {
    this.newSeries = new NewSeries(table)
    this.#names = names
    this.#limits = limits
  }

  /**
   * Sections nobody knows are left alone, as Datadog and gostatsd do.
   * @param name its bytes as latin1
   * @param suffix `c|@0.1|#tag:value|c:container`, as latin1
   */
  read(name: string, suffix: string): Meaning | Refusal {
    const [type, ...sections] = suffix.split('|')
    if (!isType(type)) return 'unknown_type'
    let rate = 1
    const { name: plainName, attributes } = this.#names.read(utf8(name))
    for (const section of sections) {
      if (section.startsWith('@')) rate = parseNumber(Buffer.from(section, 'latin1'), 1, section.length)
      else if (section.startsWith('#')) addTags(section.slice(1), attributes)
      else if (section.startsWith('c:')) addContainer(section.slice(2), attributes)
    }
    // Not so small that one line stands for more than can be counted.
    if (!(rate > 0 && rate <= 1 && Number.isFinite(1 / rate))) return 'invalid_rate'
    const length = measureAll(
      this.#limits,
      measureName(plainName, this.#limits),
      measureAttributes(attributes, this.#limits)
    )
    if (typeof length === 'string') return length
    const { line, ...kind } = TYPES[type]
    const metric = { name: plainName, description: '', ...kind }
    const series = this.newSeries.receiveId(metric, sortAttributes(attributes))
    return typeof series === 'string' ? series : { kind: line, rate, series }
  }
}

const isType = (text: string): text is Type => Object.hasOwn(TYPES, text)
