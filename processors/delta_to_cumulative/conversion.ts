import { additiveSum } from '../../core/model/distribution.ts'
import { compileMatch, type Match } from '../../core/model/matching/match.ts'
import { SeriesMemo } from '../../core/model/series-memo.ts'
import { type SavedStreams, StreamTable } from '../../core/model/stream-table.ts'
import {
  type Context,
  type Conversion,
  type Explanation,
  FLAG_NO_RECORDED_VALUE,
  type NamedSeries,
  type PointBlock,
  type StateFigures
} from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'
import { Rows } from './rows.ts'
import { restoreTotal, type SavedTotal, saveTotal, Total } from './total.ts'

const KINDS = ['counter', 'up_down_counter', 'histogram', 'exponential_histogram']

/** Adds each increment to the total of its series, and puts the total out. */
export class DeltaToCumulative implements Conversion {
  readonly version = 1
  #context: Context
  #match: Match | undefined
  #totals: StreamTable<Total>
  #isConverted: SeriesMemo<boolean>
  #rows: Rows

  constructor({ max_streams, max_stale, match }: Config, context: Context) {
    const compiled = match && compileMatch(match)
    this.#match = compiled
    this.#context = context
    this.#totals = new StreamTable(context.series, max_streams, max_stale)
    this.#isConverted = new SeriesMemo(
      series =>
        series.metric.temporality === 'delta' &&
        KINDS.includes(series.metric.kind) &&
        compiled?.series(series) !== false
    )
    this.#rows = new Rows(context.series)
    context.instruments.gauge('streams', 'Series whose total is remembered.', () => this.#totals.size)
  }

  convert(block: PointBlock): PointBlock {
    const { account, clock } = this.#context
    const now = clock.now()
    this.#totals.expire(now)
    if (!this.#hasWork(block)) return block
    const rows = this.#rows
    rows.begin(block)
    let converted = 0
    for (let i = 0; i < block.length; i++) {
      if (!this.#isConverted.get(block.series, i)) rows.pass(i)
      else if (this.#add(block, i, now)) converted++
    }
    account.absorbed += converted
    account.produced += rows.made
    return rows.build()
  }

  explain(series: NamedSeries): Explanation {
    const isConverted = series.temporality === 'delta' && KINDS.includes(series.kind)
    if (!isConverted || this.#match?.item(series) === false) return { fate: 'passes', why: 'it is not converted' }
    return { fate: 'changes', why: 'its increments are added up', outputs: [{ ...series, temporality: 'cumulative' }] }
  }

  figures(): StateFigures {
    return { entries: { streams: this.#totals.size } }
  }

  save(): SavedStreams<SavedTotal> {
    return this.#totals.save(saveTotal)
  }

  restore(saved: SavedStreams<SavedTotal>): void {
    this.#totals.restore(saved, restoreTotal)
  }

  #hasWork({ series }: PointBlock): boolean {
    for (let i = 0; i < series.length; i++) if (this.#isConverted.get(series, i)) return true
    return false
  }

  /** True if point `i` is in its total now; else its drop is booked. */
  #add(block: PointBlock, i: number, now: number): boolean {
    // A series of increments has no last value to mark as stale.
    if ((block.flags[i] & FLAG_NO_RECORDED_VALUE) !== 0) return true
    const { table, ids } = block.series
    const distribution = block.distributions.get(i)
    const histogram =
      distribution?.kind === 'histogram' || distribution?.kind === 'exponential_histogram' ? distribution : undefined
    const value = histogram === undefined ? block.value[i] : additiveSum(histogram)
    // A histogram may come without a sum; its count counts all the same.
    const isUnknown = histogram !== undefined && Number.isNaN(value)
    if (!isUnknown && !Number.isFinite(value)) return this.#drop('not_a_number')
    if (value < 0 && table.metricOf(ids[i]).kind === 'counter') return this.#drop('negative_increment')
    const total = this.#totalOf(ids[i], block.start[i], block.time[i], now)
    if (total === undefined) return this.#drop('too_many_streams')
    const isFirst = total.isEmpty
    total.add(value, histogram)
    if (isFirst) this.#rows.zero(i, total)
    this.#rows.put(i, total, block.time[i])
    return true
  }

  #totalOf(id: number, start: number, time: number, now: number): Total | undefined {
    const known = this.#totals.get(id)
    if (known !== undefined) {
      known.lastSeen = now
      return known
    }
    const total = new Total(start, time, now)
    return this.#totals.add(id, total) ? total : undefined
  }

  #drop(reason: string): false {
    this.#context.account.drop(reason)
    return false
  }
}
