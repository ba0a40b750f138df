import { NewSeries } from '../../core/model/new-series.ts'
import {
  DEFAULT_LIMITS,
  type Distribution,
  type ItemFlaw,
  type ItemLimits,
  type MetricKind,
  measureAll,
  measureAttributes,
  measureName,
  observation,
  type PointBlockBuilder,
  type Series,
  type SeriesTable,
  sortAttributes,
  type Temporality
} from '../../sdk/plugin/index.ts'
import { endOfBit } from './bits.ts'
import { LineCache } from './line-cache.ts'
import { parseNumber } from './number.ts'
import { find, findTimestamp, suffix, timestamp } from './sections.ts'
import { TaggedNames } from './tag-formats.ts'
import { addContainer, addTags, utf8 } from './tags.ts'

const COLON = 58
const PIPE = 124
const PLUS = 43
const MINUS = 45
const CARRIAGE_RETURN = 13

// Most bytes of a line's name, type and tags. A longer line is no metric but somebody's body in the wrong port.
const MAX_IDENTITY_BYTES = 8192
/** One of these may mean that the line has several bits. */
const OF_SEVERAL_BITS: ReadonlySet<Refusal | undefined> = new Set(['unknown_type', 'invalid_rate', 'too_long'])

/** Why a line was not taken; the ledger's reasons. */
export type Refusal =
  | ItemFlaw
  | 'empty_datagram'
  | 'missing_name'
  | 'missing_value'
  | 'missing_type'
  | 'unknown_type'
  | 'invalid_value'
  | 'invalid_rate'
  | 'invalid_timestamp'
  | 'too_long'
  | 'unsupported_event'
  | 'unsupported_service_check'

type Type = 'c' | 'g' | 's' | 'ms' | 'h' | 'd'

/** The meaning of the part of a line behind its value. */
interface Meaning {
  readonly type: Type
  readonly rate: number
  readonly series: Series
  readonly gauge: Gauge
}
interface Gauge {
  value: number
}

const HISTOGRAM = { kind: 'histogram', temporality: 'delta', unit: '' } as const
const METRICS: Readonly<Record<Type, { kind: MetricKind; temporality: Temporality; unit: string }>> = {
  c: { kind: 'counter', temporality: 'delta', unit: '' },
  g: { kind: 'gauge', temporality: 'unspecified', unit: '' },
  s: { kind: 'set', temporality: 'delta', unit: '' },
  ms: { ...HISTOGRAM, unit: 'ms' },
  h: HISTOGRAM,
  d: HISTOGRAM
}

/**
 * StatsD and DogStatsD lines to points. Lines repeat: the part behind the value (type, rate, tags) is parsed once for
 * each name, and remembered for the series seen of late.
 *
 * https://github.com/statsd/statsd/blob/master/docs/metric_types.md
 * https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/
 */
export class StatsdParser {
  #newSeries: NewSeries
  #refuse: (reason: Refusal, line: string) => void
  #names: TaggedNames
  #limits: ItemLimits
  #lines: LineCache<Meaning>
  // By series, because lines that differ in rate or order of tags set the same gauge.
  #gauges = new WeakMap<Series, Gauge>()

  /** @param refuse told of every line (or bit, or value of a packed line) not taken */
  constructor(
    registry: SeriesTable,
    maxSeries: number,
    refuse: (reason: Refusal, line: string) => void,
    names = new TaggedNames([]),
    limits = DEFAULT_LIMITS
  ) {
    this.#limits = limits
    this.#newSeries = new NewSeries(registry)
    this.#lines = new LineCache(maxSeries)
    this.#refuse = refuse
    this.#names = names
  }

  /**
   * Adds a datagram to `points`.
   * @param text its bytes as latin1: cheap to make, one unit a byte; names and tags are decoded as UTF-8 when first
   *   seen
   * @param now Unix ms, for lines without a time
   */
  parse(text: string, now: number, points: PointBlockBuilder): void {
    for (let start = 0; start < text.length; ) {
      let next = text.indexOf('\n', start)
      if (next < 0) next = text.length
      const end = text.charCodeAt(next - 1) === CARRIAGE_RETURN ? next - 1 : next
      if (end > start) {
        const refusal = this.#line(text, start, end, now, points)
        if (refusal !== undefined) this.#refuse(refusal, text.slice(start, end))
      }
      start = next + 1
    }
  }

  /** Memory of series that were not known, in bytes, since {@link resetNewSeries}. */
  get newSeriesBytes(): number {
    return this.#newSeries.bytes
  }

  /** Whoever sends the points has paid for them. */
  resetNewSeries(): void {
    this.#newSeries.bytes = 0
  }

  #line(text: string, start: number, end: number, now: number, points: PointBlockBuilder): Refusal | undefined {
    if (text.startsWith('_e{', start)) return 'unsupported_event'
    if (text.startsWith('_sc|', start)) return 'unsupported_service_check'
    const colon = find(text, COLON, start, end)
    if (colon === start) return 'missing_name'
    if (colon === end) return 'missing_value'
    const name = text.slice(start, colon)
    const refusal = this.#bit(name, text, colon + 1, end, now, points)
    if (!OF_SEVERAL_BITS.has(refusal) || endOfBit(text, colon + 1, end) === end) return refusal
    this.#bits(name, text, colon + 1, end, now, points)
    return undefined
  }

  /** A line that has several. Those that are none do not take others with them. */
  #bits(name: string, text: string, start: number, end: number, now: number, points: PointBlockBuilder): void {
    for (let at = start; at < end; ) {
      const next = endOfBit(text, at, end)
      const refused = this.#bit(name, text, at, next, now, points)
      if (refused !== undefined) this.#refuse(refused, `${name}:${text.slice(at, next)}`)
      at = next + 1
    }
  }

  /** `value|type|@rate|#tags`. */
  #bit(
    name: string,
    text: string,
    start: number,
    end: number,
    now: number,
    points: PointBlockBuilder
  ): Refusal | undefined {
    const pipe = find(text, PIPE, start, end)
    if (pipe === end) return 'missing_type'
    if (pipe === start) return 'missing_value'
    if (name.length + end - pipe > MAX_IDENTITY_BYTES) return 'too_long'
    const stamp = findTimestamp(text, pipe, end)
    const time = stamp === end ? now : timestamp(text, stamp, end)
    if (Number.isNaN(time)) return 'invalid_timestamp'
    const meaning = this.#meaning(name, suffix(text, pipe + 1, stamp, end))
    if (typeof meaning === 'string') return meaning
    if (meaning.type === 's') {
      const members: Distribution = { kind: 'set', members: [utf8(text.slice(start, pipe))] }
      points.addDistribution(meaning.series, time, members)
      return undefined
    }
    return this.#values(meaning, name, text, start, pipe, time, points)
  }

  /** `1:2:3`, mostly just `1`. A value that is none does not take its neighbours with it. */
  #values(
    meaning: Meaning,
    name: string,
    text: string,
    from: number,
    to: number,
    time: number,
    points: PointBlockBuilder
  ): Refusal | undefined {
    for (let start = from; ; ) {
      const end = find(text, COLON, start, to)
      const taken = add(meaning, text, start, end, time, points)
      if (end === to) return taken ? undefined : 'invalid_value'
      if (!taken) this.#refuse('invalid_value', `${name}:${text.slice(from, to)}`)
      start = end + 1
    }
  }

  #meaning(name: string, suffix: string): Meaning | Refusal {
    const known = this.#lines.find(name, suffix)
    if (known !== undefined) return known
    const meaning = this.#understand(name, suffix)
    if (typeof meaning !== 'string') this.#lines.put(name, suffix, meaning)
    return meaning
  }

  /** `c|@0.1|#tag:value|c:container`. Sections nobody knows are left alone, as Datadog and gostatsd do. */
  #understand(name: string, suffix: string): Meaning | Refusal {
    const [type, ...sections] = suffix.split('|')
    if (!isType(type)) return 'unknown_type'
    let rate = 1
    const { name: plainName, attributes } = this.#names.read(utf8(name))
    for (const section of sections) {
      if (section.startsWith('@')) rate = parseNumber(section, 1, section.length)
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
    const metric = { name: plainName, description: '', ...METRICS[type] }
    const series = this.#newSeries.receive(metric, sortAttributes(attributes))
    if (typeof series === 'string') return series
    return { type, rate, series, gauge: this.#gauge(series) }
  }

  #gauge(series: Series): Gauge {
    let gauge = this.#gauges.get(series)
    if (gauge === undefined) {
      gauge = { value: 0 }
      this.#gauges.set(series, gauge)
    }
    return gauge
  }
}

/** True if `text` from `start` to `end` was a possible value. */
function add(
  meaning: Meaning,
  text: string,
  start: number,
  end: number,
  time: number,
  points: PointBlockBuilder
): boolean {
  const value = parseNumber(text, start, end)
  if (Number.isNaN(value)) return false
  const { type, series, rate, gauge } = meaning
  if (type === 'c') {
    if (!Number.isFinite(value / rate)) return false
    points.add(series, time, value / rate)
  } else if (type === 'g') {
    const sign = text.charCodeAt(start)
    const level = sign === PLUS || sign === MINUS ? gauge.value + value : value
    if (!Number.isFinite(level)) return false
    gauge.value = level
    points.add(series, time, level)
  } else {
    if ((type === 'ms' && value < 0) || !Number.isFinite(value / rate)) return false
    points.addDistribution(series, time, observation(value, 1 / rate))
  }
  return true
}

const isType = (text: string): text is Type => Object.hasOwn(METRICS, text)
