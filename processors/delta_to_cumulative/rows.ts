import { DerivedSeries } from '../../core/model/derived-series.ts'
import type { HistogramPoint } from '../../core/model/merged-histogram.ts'
import { type PointBlock, PointBlockBuilder, type Series, type SeriesTable } from '../../sdk/plugin/index.ts'
import type { Total } from './total.ts'

/** How much later than the last point of its series one is that comes too late to have its own time. */
const NEXT_MS = 1

/** A point to emit: row `from` of the block that came in, or a total. */
interface Row {
  readonly from: number
  /** Its id. */
  series: number
  readonly start: number
  readonly time: number
  value: number
  histogram: HistogramPoint | undefined
}

/** The points that a block is replaced by: points that pass, and totals. */
export class Rows {
  #passed = 0
  #registry: SeriesTable
  #block: PointBlock | undefined
  #serial = 0
  #rows: Row[] = []
  #plain: DerivedSeries
  #exponential: DerivedSeries

  constructor(registry: SeriesTable) {
    this.#registry = registry
    this.#plain = new DerivedSeries(series => this.#cumulative(series, false))
    this.#exponential = new DerivedSeries(series => this.#cumulative(series, true))
  }

  begin(block: PointBlock): void {
    this.#block = block
    this.#serial++
    this.#rows = []
    this.#passed = 0
  }

  /** Points that were not there before. */
  get made(): number {
    return this.#rows.length - this.#passed
  }

  pass(from: number): void {
    const { series, time, value } = this.#block!
    this.#rows.push({
      from,
      series: series.ids[from],
      start: 0,
      time: time[from],
      value: value[from],
      histogram: undefined
    })
    this.#passed++
  }

  /** A zero at the start of `total`, that row `from` is in: `rate()` and `increase()` see the first increment only after it. */
  zero(from: number, total: Total): void {
    const { start, value, histogram } = total
    this.#push(from, total, start, 0, histogram?.zero(value))
  }

  /**
   * Emits `total` at `time`. One series never has two values at a time: an increment for a time that was emitted
   * already is in the last point of this block, or else in one a millisecond later.
   */
  put(from: number, total: Total, time: number): void {
    const { value, count, histogram } = total
    const { block, at } = total.row
    const isLate = time <= total.time
    if (isLate && block === this.#serial) {
      const row = this.#rows[at]
      row.value = value
      row.histogram = histogram?.point(count, value)
      row.series = this.#outputOf(from, row.histogram)
      return
    }
    total.time = isLate ? total.time + NEXT_MS : time
    total.row = { block: this.#serial, at: this.#rows.length }
    this.#push(from, total, total.time, value, histogram?.point(count, value))
  }

  build(): PointBlock {
    const points = new PointBlockBuilder(this.#rows.length)
    for (const { from, series, start, time, value, histogram } of this.#rows) {
      if (from >= 0) points.copy(this.#block!, from)
      else if (histogram === undefined) points.addId(this.#registry, series, time, value, start)
      else points.addIdDistribution(this.#registry, series, time, histogram, start)
    }
    // A block that is kept keeps all series of its time.
    this.#block = undefined
    return points.build()
  }

  #push(from: number, { start }: Total, time: number, value: number, histogram: HistogramPoint | undefined): void {
    this.#rows.push({ from: -1, series: this.#outputOf(from, histogram), start, time, value, histogram })
  }

  #outputOf(from: number, histogram: HistogramPoint | undefined): number {
    const outputs = histogram?.kind === 'exponential_histogram' ? this.#exponential : this.#plain
    return outputs.idOf(this.#block!.series, from)
  }

  /** Single observations add up to exponential histograms, whatever their series is called. */
  #cumulative({ metric, attributes, resource, scope }: Series, isExponential: boolean): number {
    const isHistogram = metric.kind === 'histogram' || metric.kind === 'exponential_histogram'
    const kind = isExponential ? 'exponential_histogram' : isHistogram ? 'histogram' : metric.kind
    return this.#registry.idOf({ ...metric, kind, temporality: 'cumulative' }, attributes, resource, scope)
  }
}
