import { type PointBlock, PointBlockBuilder } from '../model/points.ts'
import type { SeriesRegistry } from '../model/series.ts'
import type { Group, Groups } from './groups.ts'
import { type HistogramPoint, MergedHistogram } from './merged-histogram.ts'
import { type Output, Outputs } from './outputs.ts'
import { Pane } from './pane.ts'
import type { OutputKind } from './settings.ts'
import { Totals } from './totals.ts'
import type { ClosedWindow, Level } from './windows.ts'

const MAX_POINTS_PER_BLOCK = 10_000
const NO_BUCKETS = new MergedHistogram()

/** Turns closed windows into points: per-window values at the window's end, and totals that only grow. */
export class Emitter {
  readonly totals = new Totals()
  #levels: readonly Level[]
  #groups: Groups
  #emitDelta: boolean
  #emitCumulative: boolean
  #outputs: Outputs
  #withoutBuckets: { add(points: number): void }
  #builder = new PointBlockBuilder()
  #blocks: PointBlock[] = []

  constructor(
    levels: readonly Level[],
    groups: Groups,
    series: SeriesRegistry,
    output: readonly OutputKind[],
    withoutBuckets: { add(points: number): void }
  ) {
    this.#levels = levels
    this.#groups = groups
    this.#outputs = new Outputs(levels, series)
    this.#withoutBuckets = withoutBuckets
    this.#emitDelta = output.includes('delta')
    this.#emitCumulative = output.includes('cumulative')
  }

  /** The points of a window that has closed. */
  blocksOf(closed: ClosedWindow): PointBlock[] {
    const { listed } = this.#levels[closed.level]
    if (listed && this.#emitDelta) {
      this.#deltas(closed, closed.onTime, false)
      this.#deltas(closed, closed.late, true)
    }
    if (closed.level === 0) this.#cumulatives(closed)
    this.#cut()
    return this.#blocks.splice(0)
  }

  forget(slots: readonly number[]): void {
    for (const slot of slots) {
      this.totals.clear(slot)
      this.#outputs.forget(slot)
    }
  }

  #deltas({ level, start, end }: ClosedWindow, pane: Pane | undefined, late: boolean): void {
    if (pane === undefined) return
    this.#expect(pane.size)
    const { keys, sums, counts } = pane
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] === 0) continue
      const group = this.#groups.at(keys[at] - 1)
      if (group.kind === 'histogram') {
        const histogram = pane.histograms?.get(group.slot) ?? NO_BUCKETS
        const output = this.#outputs.window(group, level, late, histogram.isExponential)
        this.#addHistogram(output, end, histogram.point(counts[at], sums[at]), start)
        continue
      }
      const output = this.#outputs.window(group, level, late, false)
      const sum = group.kind === 'set' ? (pane.distinct?.get(group.slot)?.count() ?? 0) : sums[at]
      this.#add(group, output, end, sum, counts[at], start)
    }
  }

  // The smallest window carries the totals on; larger ones hold the same points again.
  #cumulatives({ start, end, onTime, late }: ClosedWindow): void {
    let pane = onTime ?? late
    if (onTime !== undefined && late !== undefined) {
      pane = new Pane()
      pane.addAll(onTime)
      pane.addAll(late)
    }
    if (pane === undefined) return
    this.#expect(pane.size)
    const { keys, sums, counts } = pane
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] === 0) continue
      const slot = keys[at] - 1
      const group = this.#groups.at(slot)
      group.lastActive = end
      if (group.kind === 'set') continue
      const isFirst = this.totals.add(slot, sums[at], counts[at], start)
      if (group.kind === 'histogram') {
        this.#totalHistogram(group, pane.histograms?.get(slot) ?? NO_BUCKETS, end, isFirst)
        continue
      }
      if (!this.#emitCumulative) continue
      const output = this.#outputs.total(group, false)
      // A zero before the first value: rate() and increase() see the first increment, after a restart too.
      if (isFirst) this.#add(group, output, start, 0, 0, start)
      this.#add(group, output, end, this.totals.sums[slot], this.totals.counts[slot], this.totals.starts[slot])
    }
  }

  #totalHistogram(group: Group, more: MergedHistogram, end: number, isFirst: boolean): void {
    const { slot } = group
    const total = this.totals.addHistogram(slot, more)
    if (!this.#emitCumulative) return
    const { sums, counts, starts } = this.totals
    const output = this.#outputs.total(group, total.isExponential)
    if (isFirst) this.#addHistogram(output, starts[slot], total.zero(), starts[slot])
    this.#addHistogram(output, end, total.point(counts[slot], sums[slot]), starts[slot])
  }

  #addHistogram({ count: series }: Output, time: number, point: HistogramPoint, start: number): void {
    this.#makeRoom()
    if (point.kind === 'histogram' && point.bounds.length === 0) this.#withoutBuckets.add(1)
    this.#builder.addDistribution(series, time, point, start)
  }

  #add(
    group: Group,
    { count: series, sum: ofValues }: Output,
    time: number,
    sum: number,
    count: number,
    start: number
  ): void {
    this.#makeRoom()
    this.#builder.add(series, time, group.kind === 'event' ? count : sum, start)
    if (ofValues !== undefined && group.hasValues) this.#builder.add(ofValues, time, sum, start)
  }

  #makeRoom(): void {
    if (this.#builder.length < MAX_POINTS_PER_BLOCK) return
    this.#cut()
    this.#expect(MAX_POINTS_PER_BLOCK)
  }

  /** Room for as many points at once, where none are there yet. */
  #expect(points: number): void {
    if (this.#builder.length === 0) this.#builder = new PointBlockBuilder(Math.min(points, MAX_POINTS_PER_BLOCK))
  }

  #cut(): void {
    if (this.#builder.length === 0) return
    this.#blocks.push(this.#builder.build())
    this.#builder = new PointBlockBuilder()
  }
}
