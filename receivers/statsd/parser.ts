import type { EventBlockBuilder } from '../../core/model/event-builder.ts'
import { UNKNOWN } from '../../core/model/series-table/key-table.ts'
import { type Distribution, observation, type PointBlockBuilder, type SeriesTable } from '../../sdk/plugin/index.ts'
import { endOfBit } from './bits.ts'
import { type DogStatsdEvent, readEvent } from './events.ts'
import { Gauges } from './gauges.ts'
import { LineKey } from './line-key.ts'
import { COLON_AT, END, LineScanner, OFFSETS, PIPE_AT, STAMP_AT, START } from './line-scanner.ts'
import { COUNTER, GAUGE, IDLE, type LineKind, LineTable, type Meaning, SET, TIMER } from './line-table.ts'
import { Meanings } from './meanings.ts'
import { parseNumber } from './number.ts'
import { DEFAULT_OPTIONS, type ParserOptions } from './parser-options.ts'
import type { Refusal } from './refusal.ts'
import { find, findTimestamp, timestamp } from './sections.ts'

const COLON = 58
const PIPE = 124
const PLUS = 43
const MINUS = 45
const UNDERSCORE = 95

// Most bytes of a line's name, type and tags. A longer line is no metric but somebody's body in the wrong port.
const MAX_IDENTITY_BYTES = 8192
/** One of these may mean that the line has several bits. */
const OF_SEVERAL_BITS: ReadonlySet<Refusal | undefined> = new Set(['unknown_type', 'invalid_rate', 'too_long'])

/**
 * StatsD and DogStatsD lines to points. Lines repeat: the part behind the value (type, rate, tags) is parsed once for
 * each name, and remembered for the lines seen of late. These are found by their bytes, all of a datagram together.
 *
 * https://github.com/statsd/statsd/blob/master/docs/metric_types.md
 * https://docs.datadoghq.com/developers/dogstatsd/datagram_shell/
 */
export class StatsdParser {
  readonly gauges: Gauges
  readonly #table: SeriesTable
  readonly #refuse: (reason: Refusal, line: string) => void
  readonly #meanings: Meanings
  readonly #lines: LineTable
  readonly #scanner = new LineScanner()
  readonly #key = new LineKey(MAX_IDENTITY_BYTES)
  readonly #options: ParserOptions
  /** The datagram that is parsed, the time of its lines without one, and the blocks that its items go to. */
  #bytes: Buffer = Buffer.alloc(0)
  #now = 0
  #points: PointBlockBuilder | undefined
  #events: EventBlockBuilder | undefined
  /** The name of the line that is parsed. */
  #nameStart = 0
  #nameEnd = 0

  /** @param refuse told of every line (or bit, or value of a packed line) not taken */
  constructor(
    table: SeriesTable,
    maxSeries: number,
    refuse: (reason: Refusal, line: string) => void,
    options: Partial<ParserOptions> = {}
  ) {
    this.#options = { ...DEFAULT_OPTIONS, ...options }
    this.#table = table
    this.#refuse = refuse
    this.#meanings = new Meanings(table, this.#options)
    this.#lines = new LineTable(table, maxSeries)
    this.gauges = new Gauges(table, this.#lines)
  }

  /**
   * Adds a datagram, `bytes` from `start` to `end`, to `points`, and what it tells of events and service checks to
   * `events`.
   * @param now Unix ms, for lines without a time
   */
  parse(
    bytes: Buffer,
    now: number,
    points: PointBlockBuilder,
    events: EventBlockBuilder,
    start = 0,
    end = bytes.length
  ): void {
    this.#bytes = bytes
    this.#now = now
    this.#points = points
    this.#events = events
    const scanner = this.#scanner
    scanner.scan(bytes, start, end)
    this.#lines.findAll(scanner.keys)
    const { evicted } = this.#lines
    const { ids } = scanner.keys
    for (let i = 0; i < scanner.length; i++) {
      const isKnown = ids[i] !== UNKNOWN && this.#lines.evicted === evicted
      if (!isKnown || !this.#takeKnown(ids[i], i)) this.#takeAny(i)
    }
  }

  /** Memory of series that were not known, in bytes, since {@link resetNewSeries}. */
  get newSeriesBytes(): number {
    return this.#meanings.newSeries.bytes
  }

  /** Whoever sends the points has paid for them. */
  resetNewSeries(): void {
    this.#meanings.newSeries.bytes = 0
  }

  /** True if line `i` is remembered by `id`, and has a possible time. */
  #takeKnown(id: number, i: number): boolean {
    const lines = this.#lines
    const { offsets } = this.#scanner
    const at = i * OFFSETS
    const start = offsets[at + START]
    const stamp = offsets[at + STAMP_AT]
    const end = offsets[at + END]
    let time = this.#now
    if (stamp >= 0) {
      if (end - start > MAX_IDENTITY_BYTES) return false
      time = timestamp(this.#bytes, stamp, end)
      if (Number.isNaN(time)) return false
    }
    const kind = lines.use(id)
    if (kind === IDLE) return false
    this.#nameStart = start
    this.#nameEnd = offsets[at + COLON_AT]
    const to = offsets[at + PIPE_AT]
    const refusal = this.#values(kind, lines.rateOf(id), lines.seriesOf(id), this.#nameEnd + 1, to, time)
    if (refusal !== undefined) this.#refuse(refusal, this.#bytes.toString('latin1', start, end))
    return true
  }

  #takeAny(i: number): void {
    const { offsets } = this.#scanner
    const start = offsets[i * OFFSETS + START]
    const end = offsets[i * OFFSETS + END]
    const refusal = this.#line(start, end)
    if (refusal !== undefined) this.#refuse(refusal, this.#bytes.toString('latin1', start, end))
  }

  #line(start: number, end: number): Refusal | undefined {
    const bytes = this.#bytes
    if (bytes[start] === UNDERSCORE) {
      const event = readEvent(bytes.toString('latin1', start, end), this.#now, this.#options.limits)
      if (event !== undefined) return typeof event === 'string' ? event : this.#addEvent(event)
    }
    const colon = find(bytes, COLON, start, end)
    if (colon === start) return 'missing_name'
    if (colon === end) return 'missing_value'
    this.#nameStart = start
    this.#nameEnd = colon
    const refusal = this.#bit(colon + 1, end)
    if (!OF_SEVERAL_BITS.has(refusal) || endOfBit(bytes, colon + 1, end) === end) return refusal
    this.#bits(colon + 1, end)
    return undefined
  }

  /** A line that has several. Those that are none do not take others with them. */
  #bits(start: number, end: number): void {
    for (let at = start; at < end; ) {
      const next = endOfBit(this.#bytes, at, end)
      const refused = this.#bit(at, next)
      if (refused !== undefined) this.#refuse(refused, this.#textOf(at, next))
      at = next + 1
    }
  }

  /** `value|type|@rate|#tags`. */
  #bit(start: number, end: number): Refusal | undefined {
    const bytes = this.#bytes
    const pipe = find(bytes, PIPE, start, end)
    if (pipe === end) return 'missing_type'
    if (pipe === start) return 'missing_value'
    if (this.#nameEnd - this.#nameStart + end - pipe > MAX_IDENTITY_BYTES) return 'too_long'
    const stamp = findTimestamp(bytes, pipe, end)
    const time = stamp === end ? this.#now : timestamp(bytes, stamp, end)
    if (Number.isNaN(time)) return 'invalid_timestamp'
    this.#key.set(bytes, this.#nameStart, this.#nameEnd, pipe + 1, stamp, end)
    const meaning = this.#meaning()
    if (typeof meaning === 'string') return meaning
    return this.#values(meaning.kind, meaning.rate, meaning.series, start, pipe, time)
  }

  /** `1:2:3`, mostly just `1`. A value that is none does not take its neighbours with it. */
  #values(kind: LineKind, rate: number, series: number, from: number, to: number, time: number): Refusal | undefined {
    if (kind === SET) return this.#addMember(series, from, to, time)
    for (let start = from; ; ) {
      const end = find(this.#bytes, COLON, start, to)
      const isTaken = this.#add(kind, rate, series, start, end, time)
      if (end === to) return isTaken ? undefined : 'invalid_value'
      if (!isTaken) this.#refuse('invalid_value', this.#textOf(from, to))
      start = end + 1
    }
  }

  /** The meaning of the line or bit whose key was made last. */
  #meaning(): Meaning | Refusal {
    const key = this.#key
    const { nameLength, view, length } = key
    const lines = this.#lines
    const id = lines.find(nameLength, view, length)
    const kind = id === UNKNOWN ? IDLE : lines.use(id)
    if (kind !== IDLE) return { kind, rate: lines.rateOf(id), series: lines.seriesOf(id) }
    const meaning = this.#meanings.read(key.name, key.sections)
    if (typeof meaning !== 'string') lines.add(nameLength, view, length, meaning)
    return meaning
  }

  /** True if the text from `start` to `end` was a possible value. */
  #add(kind: LineKind, rate: number, series: number, start: number, end: number, time: number): boolean {
    const value = parseNumber(this.#bytes, start, end)
    if (Number.isNaN(value)) return false
    if (kind === GAUGE) return this.#addLevel(series, value, this.#bytes[start], time)
    if (!Number.isFinite(value / rate) || (kind === TIMER && value < 0 && !this.#options.takesNegativeTimers))
      return false
    if (kind === COUNTER) this.#points!.addId(this.#table, series, time, value / rate)
    else this.#points!.addIdDistribution(this.#table, series, time, observation(value, 1 / rate))
    return true
  }

  #addLevel(series: number, value: number, sign: number, time: number): boolean {
    const isChange = (sign === PLUS || sign === MINUS) && !this.#options.hasAbsoluteGauges
    const level = isChange ? this.gauges.get(series) + value : value
    if (!Number.isFinite(level)) return false
    this.gauges.set(series, level)
    this.#points!.addId(this.#table, series, time, level)
    return true
  }

  #addMember(series: number, start: number, end: number, time: number): undefined {
    const members: Distribution = { kind: 'set', members: [this.#bytes.toString('utf8', start, end)] }
    this.#points!.addIdDistribution(this.#table, series, time, members)
  }

  #addEvent({ time, name, attributes }: DogStatsdEvent): undefined {
    this.#events!.add(time, name, attributes, undefined, 1)
  }

  #textOf(start: number, end: number): string {
    const name = this.#bytes.toString('latin1', this.#nameStart, this.#nameEnd)
    return `${name}:${this.#bytes.toString('latin1', start, end)}`
  }
}
