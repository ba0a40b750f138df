import { DerivedSeries, NOT_DERIVED } from '../../core/model/derived-series.ts'
import { FirstPoints, type SavedFirstPoints } from '../../core/model/first-points.ts'
import { compileMatch, type Match } from '../../core/model/matching/match.ts'
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

interface Saved extends SavedFirstPoints {
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
  #firstPoints: FirstPoints
  #unknown: { add(points: number): void }

  constructor({ max_streams, max_stale, match }: Config, context: Context) {
    const { series, clock, instruments } = context
    const compiled = match && compileMatch(match)
    this.#match = compiled
    this.#context = context
    this.#firstPoints = new FirstPoints(clock.now())
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
    for (const { id, state } of this.#streams.expire(now))
      for (const { start } of state.writers) this.#discard(id, start, now)
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
    return { ...this.#firstPoints.save(), streams: this.#streams.save(stream => stream) }
  }

  restore(saved: Saved): void {
    this.#firstPoints.restore(saved)
    this.#streams.restore(saved.streams, stream => stream)
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
    const id = block.series.ids[i]
    const stream = this.#streamOf(id, now)
    if (stream === undefined) return account.drop('too_many_streams')
    const last = writerOf(stream, point.start)
    if (last === undefined) return this.#enter(id, stream, point, output, points)
    if (point.time <= last.time) return account.drop('out_of_order')
    const increment = incrementOf(point, last)
    const start = last.time
    Object.assign(last, point)
    if (increment.histogram === undefined) return points.addId(series, output, point.time, increment.value, start)
    if (increment.histogram.kind !== series.metricOf(output).kind) return account.drop('incompatible_buckets')
    points.addIdDistribution(series, output, point.time, increment.histogram, start)
  }

  /** The first point of a writer is an increment only if nothing of it was counted yet. */
  #enter(id: number, stream: Stream, point: Point, output: number, points: PointBlockBuilder): void {
    const { series } = this.#context
    const { start, time, value, histogram } = point
    const evicted = stream.writers.length === MOST_WRITERS ? stream.writers.shift() : undefined
    if (evicted !== undefined) this.#discard(id, evicted.start, stream.lastSeen)
    stream.writers.push(point)
    if (!this.#firstPoints.addsAll(series.resourceOf(id), start, time)) {
      this.#unknown.add(1)
      this.#context.account.absorbed++
    } else if (histogram === undefined) points.addId(series, output, time, value, start)
    else points.addIdDistribution(series, output, time, histogram, start)
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

  #discard(id: number, start: number, now: number): void {
    this.#firstPoints.addDiscarded(this.#context.series.resourceOf(id), start, now)
  }
}
