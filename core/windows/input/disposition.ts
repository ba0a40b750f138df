import { type Attribute, sortAttributes } from '../../model/attributes.ts'
import type { Block } from '../../model/block.ts'
import { DerivedSeries } from '../../model/derived-series.ts'
import type { EventBlock } from '../../model/events.ts'
import { type PointBlock, PointBlockBuilder } from '../../model/points.ts'
import type { Metric } from '../../model/series.ts'
import type { Series, SeriesTable } from '../../model/series-table/series-table.ts'
import { EventMetrics } from './event-metrics.ts'

/** No rule wants the item: it passes through. */
const UNTOUCHED = 0
/** Rules counted or dropped the item. */
const CONSUMED = 1
/** The item is too late for a rule that forwards such items, marked as late. */
const LATE = 2
const LATE_ATTRIBUTE: Attribute = ['late', 'true']

/** The disposition of each item of one block, while each rule looks at all of them. Reset for the next block. */
export class Disposition {
  /** Unix ms; items ahead of this are dropped. */
  newest = 0
  /** Event time of the last item that a rule wanted; -Infinity if there was none. */
  latest = Number.NEGATIVE_INFINITY
  counted = 0
  /** Items that rules got of the block: an item that two rules consume is two. */
  #shares = 0
  #dispositions = new Uint8Array()
  #series: SeriesTable
  #eventMetrics = new EventMetrics()
  #lateSeries = new DerivedSeries(series => this.#late(series))

  constructor(series: SeriesTable) {
    this.#series = series
  }

  begin(items: number, newest: number): void {
    if (this.#dispositions.length < items) this.#dispositions = new Uint8Array(items)
    else this.#dispositions.fill(UNTOUCHED, 0, items)
    this.newest = newest
    this.latest = Number.NEGATIVE_INFINITY
    this.counted = this.#shares = 0
  }

  count(i: number): void {
    this.countRun(i, i + 1)
  }

  /** Counts the items from `from` to `to`. */
  countRun(from: number, to: number): void {
    const dispositions = this.#dispositions
    this.counted += to - from
    this.#shares += to - from
    for (let i = from; i < to; i++) if (dispositions[i] === UNTOUCHED) dispositions[i] = CONSUMED
  }

  /** A rule counted it, or booked its drop. */
  consume(i: number): void {
    this.#shares++
    if (this.#dispositions[i] === UNTOUCHED) this.#dispositions[i] = CONSUMED
  }

  forward(i: number): void {
    if (this.#dispositions[i] === LATE) return
    this.#shares++
    this.#dispositions[i] = LATE
  }

  /**
   * The items that go on: none, some, or the block itself. Events go on as the points they would be counted as.
   * `more`: the number of items to account for beyond those that came in.
   */
  end(block: Block): { readonly rest: Block | undefined; readonly more: number } {
    let untouched = 0
    let late = 0
    for (let i = 0; i < block.length; i++) {
      if (this.#dispositions[i] === UNTOUCHED) untouched++
      else if (this.#dispositions[i] === LATE) late++
    }
    const copies = this.#shares - (block.length - untouched)
    if (block.type === 'points' && untouched === block.length) return { rest: block, more: copies }
    if (untouched + late === 0) return { rest: undefined, more: copies }
    const rest = this.#build(block, untouched + late)
    return { rest, more: copies + rest.length - (untouched + late) }
  }

  #build(block: Block, items: number): PointBlock {
    const builder = new PointBlockBuilder(items)
    for (let i = 0; i < block.length; i++) {
      if (this.#dispositions[i] === CONSUMED) continue
      const isLate = this.#dispositions[i] === LATE
      if (block.type === 'events') this.#addEvent(builder, block, i, isLate)
      else this.#addPoint(builder, block, i, isLate)
    }
    return builder.build()
  }

  #addPoint(builder: PointBlockBuilder, block: PointBlock, i: number, isLate: boolean): void {
    if (!isLate) return builder.copy(block, i)
    const { time, value, start, flags, distributions } = block
    const { table } = block.series
    const late = this.#lateSeries.idOf(block.series, i)
    const distribution = distributions.get(i)
    if (distribution === undefined) builder.addId(table, late, time[i], value[i], start[i], flags[i])
    else builder.addIdDistribution(table, late, time[i], distribution, start[i], flags[i])
  }

  // An event becomes the points that its windows would be: its count, and its value if that is not 1.
  #addEvent(builder: PointBlockBuilder, block: EventBlock, i: number, isLate: boolean): void {
    const { name, attributes, time, value } = block
    const all = isLate ? sortAttributes([...attributes[i], LATE_ATTRIBUTE]) : attributes[i]
    const counted = this.#eventMetrics.of(name[i])
    builder.add(this.#series.intern(counted, all), time[i], 1)
    if (value[i] === 1) return
    const summed: Metric = { ...counted, name: `${counted.name}.sum`, unit: '', kind: 'up_down_counter' }
    builder.add(this.#series.intern(summed, all), time[i], value[i])
  }

  #late({ metric, attributes, resource, scope }: Series): number {
    return this.#series.idOf(metric, sortAttributes([...attributes, LATE_ATTRIBUTE]), resource, scope)
  }
}
