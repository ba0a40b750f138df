import { DerivedSeries, NOT_DERIVED } from '../../core/model/derived-series.ts'
import { compileMatch, type Match } from '../../core/model/matching/match.ts'
import { hasKnownStart } from '../../core/model/start-time.ts'
import { type SavedStreams, StreamTable } from '../../core/model/stream-table.ts'
import {
  type Context,
  type Conversion,
  type Explanation,
  FLAG_NO_RECORDED_VALUE,
  type NamedSeries,
  type PointBlock,
  PointBlockBuilder,
  type StateFigures
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { incrementOf, type Point, type Stream, writerOf } from './streams.ts'

const KINDS = ['counter', 'histogram', 'exponential_histogram']
/** Most writers of one series; each restart of an application is one more. The first one is evicted. */
const MOST_WRITERS = 16
/** A series is taken for new if it began after all evicted series. */
const JUST_AFTER_MS = 0.001

interface Saved {
  readonly since: number
  readonly streams: SavedStreams<Stream>
}

/** Turns each point into its increment from the point before of its series. */
export class CumulativeToDelta implements Conversion {
  readonly version = 1
  #context: Context
  #match: Match | undefined
  #streams: StreamTable<Stream>
  /** The series of increments; none if points pass. */
  #outputs: DerivedSeries
  /** Series that began then or later were never counted before they are known here. Unix ms. */
  #since: number
  #unknown: { add(points: number): void }

  constructor({ max_streams, max_stale, match }: Config, context: Context) {
    const { series, clock, instruments } = context
    const compiled = match && compileMatch(match)
    this.#match = compiled
    this.#context = context
    this.#since = clock.now()
    this.#streams = new StreamTable(series, max_streams, max_stale)
    this.#outputs = new DerivedSeries(one => {
      const { metric, attributes, resource, scope } = one
      if (metric.temporality !== 'cumulative' || !KINDS.includes(metric.kind)) return NOT_DERIVED
      if (compiled?.series(one) === false) return NOT_DERIVED
      return series.idOf({ ...metric, temporality: 'delta' }, attributes, resource, scope)
    })
    instruments.gauge('streams', 'Series whose last point is remembered.', () => this.#streams.size)
    this.#unknown = instruments.counter(
      'unknown_increments_total',
      'First points of series that may have been counting before anybody looked: they add nothing.'
    )
  }

  convert(block: PointBlock): PointBlock {
    const now = this.#context.clock.now()
    for (const { writers } of this.#streams.expire(now)) for (const writer of writers) this.#distrust(writer, now)
    let points: PointBlockBuilder | undefined
    for (let i = 0; i < block.length; i++) {
      const output = this.#outputs.idOf(block.series, i)
      if (output === NOT_DERIVED) {
        points?.copy(block, i)
        continue
      }
      if (points === undefined) {
        points = new PointBlockBuilder(block.length)
        for (let before = 0; before < i; before++) points.copy(block, before)
      }
      this.#convertPoint(block, i, output, now, points)
    }
    return points?.build() ?? block
  }

  explain(series: NamedSeries): Explanation {
    const isConverted = series.temporality === 'cumulative' && KINDS.includes(series.kind)
    if (!isConverted || this.#match?.item(series) === false) return { fate: 'passes', why: 'it is not converted' }
    return {
      fate: 'changes',
      why: 'each point becomes the increment from the one before',
      outputs: [{ ...series, temporality: 'delta' }]
    }
  }

  figures(): StateFigures {
    return { entries: { streams: this.#streams.size } }
  }

  save(): Saved {
    return { since: this.#since, streams: this.#streams.save(stream => stream) }
  }

  restore({ since, streams }: Saved): void {
    this.#since = since
    this.#streams.restore(streams, stream => stream)
  }

  #convertPoint(block: PointBlock, i: number, output: number, now: number, points: PointBlockBuilder): void {
    const { account, series } = this.#context
    if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0)
      return points.addId(series, output, block.time[i], block.value[i], 0, block.flags[i])
    const point: Point = { start: block.start[i], time: block.time[i], value: block.value[i], histogram: undefined }
    const distribution = block.distributions.get(i)
    if (distribution?.kind === 'histogram' || distribution?.kind === 'exponential_histogram')
      point.histogram = distribution
    else if (!Number.isFinite(point.value)) return account.drop('not_a_number')
    const stream = this.#streamOf(block.series.ids[i], now)
    if (stream === undefined) return account.drop('too_many_streams')
    const last = writerOf(stream, point.start)
    if (last === undefined) return this.#enter(stream, point, output, now, points)
    if (point.time <= last.time) return account.drop('out_of_order')
    const increment = incrementOf(point, last)
    const start = last.time
    Object.assign(last, point)
    if (increment.histogram === undefined) return points.addId(series, output, point.time, increment.value, start)
    if (increment.histogram.kind !== series.metricOf(output).kind) return account.drop('incompatible_buckets')
    points.addIdDistribution(series, output, point.time, increment.histogram, start)
  }

  /** The first point of a writer is an increment only if its start is known. */
  #enter(stream: Stream, point: Point, output: number, now: number, points: PointBlockBuilder): void {
    const { series } = this.#context
    const evicted = stream.writers.length === MOST_WRITERS ? stream.writers.shift() : undefined
    if (evicted !== undefined) this.#distrust(evicted, now)
    stream.writers.push(point)
    if (point.start < this.#since || !hasKnownStart(point.start, point.time)) {
      this.#unknown.add(1)
      this.#context.account.absorbed++
    } else if (point.histogram === undefined) points.addId(series, output, point.time, point.value, point.start)
    else points.addIdDistribution(series, output, point.time, point.histogram, point.start)
  }

  #streamOf(id: number, now: number): Stream | undefined {
    const known = this.#streams.get(id)
    if (known !== undefined) {
      known.lastSeen = now
      return known
    }
    const stream: Stream = { lastSeen: now, writers: [] }
    return this.#streams.add(id, stream) ? stream : undefined
  }

  /**
   * When it comes back, it must not count from its start once more. One ahead of the clock must not make all others
   * wait.
   */
  #distrust({ start }: Point, now: number): void {
    this.#since = Math.max(this.#since, Math.min(start, now) + JUST_AFTER_MS)
  }
}
