import type { Distribution } from '../../model/distribution.ts'
import type { MergedHistogram } from '../../model/merged-histogram.ts'
import type { GroupTotals, TotalsSink } from '../aggregations/aggregation.ts'
import { HISTOGRAMS } from '../aggregations/histograms.ts'
import type { Pane } from '../panes/pane.ts'
import type { Totals } from '../panes/totals.ts'
import type { OutputStream } from './output-series.ts'
import type { PointWriter } from './point-writer.ts'

/** Adds windows to the totals of groups and writes these: of the group and the aggregation that its fields name. */
export class TotalSink implements TotalsSink, GroupTotals {
  firstOutput = 0
  #totals: Totals
  #stream: OutputStream
  #writer: PointWriter
  #pane: Pane | undefined
  #row = 0
  #slot = 0
  #end = 0
  #isFirst = false

  constructor(totals: Totals, stream: OutputStream, writer: PointWriter) {
    this.#totals = totals
    this.#stream = stream
    this.#writer = writer
  }

  /** Adds the values in `row` of `pane` to the totals of `slot`. */
  add(pane: Pane, row: number, slot: number, start: number, end: number): void {
    this.#pane = pane
    this.#row = row
    this.#slot = slot
    this.#end = end
    this.#isFirst = this.#totals.add(slot, pane.sums[row], pane.counts[row], start)
  }

  /** The pane is not needed any more: it is as large as all groups. */
  release(): void {
    this.#pane = undefined
  }

  get sum(): number {
    return this.#totals.sums[this.#slot]
  }

  get count(): number {
    return this.#totals.counts[this.#slot]
  }

  addHistogram(): MergedHistogram {
    return this.#totals.addHistogram(this.#slot, this.#pane!.accumulator(HISTOGRAMS)?.at(this.#row))
  }

  value(output: number, total: number): void {
    if (Number.isNaN(total)) return
    const series = this.#stream.of(this.#slot, this.firstOutput + output)
    if (this.#isFirst) this.#writer.add(series, this.#start, 0, this.#start)
    this.#writer.add(series, this.#end, total, this.#start)
  }

  distribution(output: number, total: Distribution, zeroOf: () => Distribution): void {
    const series = this.#stream.of(this.#slot, this.firstOutput + output)
    if (this.#isFirst) this.#writer.addDistribution(series, this.#start, zeroOf(), this.#start)
    this.#writer.addDistribution(series, this.#end, total, this.#start)
  }

  get #start(): number {
    return this.#totals.starts[this.#slot]
  }
}
