import type { Histogram } from '../../model/distribution.ts'
import { type HistogramPoint, MergedHistogram } from '../../model/merged-histogram.ts'
import { type PointBlock, PointBlockBuilder } from '../../model/points.ts'
import type { Series, SeriesRegistry } from '../../model/series.ts'
import { distinctSketch } from '../../model/sketch/distinct-sketch.ts'
import type { Aggregation } from '../aggregations/aggregation.ts'
import { type KindPlan, plansOf } from '../aggregations/plan.ts'
import type { Groups } from '../groups/groups.ts'
import { Pane } from '../panes/pane.ts'
import { Totals } from '../panes/totals.ts'
import type { Level } from '../panes/window-size.ts'
import type { ClosedWindow } from '../panes/windows.ts'
import type { RuleSettings } from '../settings.ts'
import { histogramQuantile } from './histogram-quantile.ts'
import { type Line, Outputs } from './output-series.ts'

const MAX_POINTS_PER_BLOCK = 10_000
/** Groups looked at before who drives it may do something else. */
const GROUPS_PER_STEP = 256

/** Turns closed windows into points: per-window values at the window's end, and totals that only grow. */
export class Emitter {
  readonly totals = new Totals()
  #rule: RuleSettings
  #plans: readonly (KindPlan | undefined)[]
  #levels: readonly Level[]
  #groups: Groups
  #outputs: Outputs
  #noBuckets: MergedHistogram
  #withoutBuckets: { add(points: number): void }
  #builder = new PointBlockBuilder()
  #blocks: PointBlock[] = []

  /** @param withoutBuckets counts histograms that should have buckets, and have none */
  constructor(
    rule: RuleSettings,
    levels: readonly Level[],
    groups: Groups,
    series: SeriesRegistry,
    withoutBuckets: { add(points: number): void }
  ) {
    this.#rule = rule
    this.#plans = plansOf(rule)
    this.#levels = levels
    this.#groups = groups
    this.#outputs = new Outputs(levels, groups, series, rule)
    this.#noBuckets = new MergedHistogram(rule.limits)
    this.#withoutBuckets = withoutBuckets
  }

  /** The points of a window that has closed, some of them at a time. One window after the other. */
  *blocksOf(closed: ClosedWindow): Generator<readonly PointBlock[]> {
    if (this.#levels[closed.level].listed) {
      yield* this.#deltas(closed, closed.onTime, this.#outputs.windows[closed.level])
      if (this.#rule.late === 'add') yield* this.#deltas(closed, closed.late, this.#outputs.late[closed.level])
    }
    if (closed.level === 0) yield* this.#cumulatives(closed)
    yield this.#take()
  }

  /** The points of a window that was sent before and has changed. */
  *blocksOfAmended(closed: ClosedWindow): Generator<readonly PointBlock[]> {
    if (this.#levels[closed.level].listed)
      yield* this.#deltas(closed, closed.onTime, this.#outputs.windows[closed.level])
    yield this.#take()
  }

  forget(slots: readonly number[]): void {
    for (const slot of slots) {
      this.totals.clear(slot)
      this.#outputs.forget(slot)
    }
  }

  *#deltas(closed: ClosedWindow, pane: Pane | undefined, line: Line): Generator<readonly PointBlock[]> {
    if (pane === undefined) return
    this.#expect(pane.size)
    for (let from = 0; from < pane.keys.length; from += GROUPS_PER_STEP) {
      this.#deltasOf(closed, pane, line, from, Math.min(pane.keys.length, from + GROUPS_PER_STEP))
      yield this.#blocks.splice(0)
    }
  }

  #deltasOf({ start, end }: ClosedWindow, pane: Pane, line: Line, from: number, to: number): void {
    const { keys } = pane
    const { kinds } = this.#groups
    for (let at = from; at < to; at++) {
      if (keys[at] === 0) continue
      const slot = keys[at] - 1
      const aggregations = this.#plans[kinds[slot]]!.perWindow
      for (let i = 0; i < aggregations.length; i++) this.#delta(aggregations[i], pane, at, slot, line, start, end)
    }
  }

  #delta(aggregation: Aggregation, pane: Pane, at: number, slot: number, line: Line, start: number, end: number): void {
    if (aggregation === 'histogram') {
      const histogram = this.#histogramAt(pane, at, slot)
      this.#addHistogram(line.histogram(slot, histogram.kind === 'exponential_histogram'), end, histogram, start)
    } else if (aggregation === 'quantiles') this.#quantiles(pane, at, slot, line, start, end)
    else if (aggregation === 'unique') this.#unique(pane, slot, line, start, end)
    else if (aggregation !== 'sum' || this.#sendsSum(slot)) {
      const value = valueAt(aggregation, pane, at)
      if (Number.isFinite(value)) this.#add(line.of(slot, aggregation), end, value, start)
    }
  }

  #quantiles(pane: Pane, at: number, slot: number, line: Line, start: number, end: number): void {
    const { quantiles } = this.#rule
    const point = pane.histograms?.get(slot)?.point(pane.counts[at], pane.sums[at])
    if (point === undefined) return
    for (let i = 0; i < quantiles.length; i++) {
      const value = histogramQuantile(point, quantiles[i])
      if (Number.isFinite(value)) this.#add(line.quantile(slot, i, quantiles[i]), end, value, start)
    }
  }

  // The sketch itself: what merges it further comes to the number of distinct members of all.
  #unique(pane: Pane, slot: number, line: Line, start: number, end: number): void {
    const counter = pane.distinct?.get(slot)
    if (counter === undefined) return
    this.#makeRoom()
    this.#builder.addDistribution(line.of(slot, 'unique'), end, distinctSketch(counter), start)
  }

  // The smallest window carries the totals on; larger ones hold the same points again.
  *#cumulatives({ start, end, onTime, late }: ClosedWindow): Generator<readonly PointBlock[]> {
    let pane = onTime ?? late
    if (onTime !== undefined && late !== undefined) {
      pane = new Pane(this.#rule.limits)
      pane.addAll(onTime)
      pane.addAll(late)
    }
    if (pane === undefined) return
    this.#expect(pane.size)
    for (let from = 0; from < pane.keys.length; from += GROUPS_PER_STEP) {
      this.#totalsOf(pane, from, Math.min(pane.keys.length, from + GROUPS_PER_STEP), start, end)
      yield this.#blocks.splice(0)
    }
  }

  #totalsOf(pane: Pane, from: number, to: number, start: number, end: number): void {
    const { keys } = pane
    const { kinds, lastActive } = this.#groups
    for (let at = from; at < to; at++) {
      if (keys[at] === 0) continue
      const slot = keys[at] - 1
      lastActive[slot] = end
      const aggregations = this.#plans[kinds[slot]]!.totals
      if (aggregations.length === 0) continue
      const isFirst = this.totals.add(slot, pane.sums[at], pane.counts[at], start)
      for (let i = 0; i < aggregations.length; i++) this.#total(aggregations[i], pane, slot, isFirst, end)
    }
  }

  // A zero before the first value: rate() and increase() see the first increment, after a restart too.
  #total(aggregation: Aggregation, pane: Pane, slot: number, isFirst: boolean, end: number): void {
    const start = this.totals.starts[slot]
    if (aggregation === 'histogram') return this.#totalHistogram(pane, slot, isFirst, end)
    if (aggregation === 'sum' && !this.#sendsSum(slot)) return
    const total = this.totals[aggregation === 'sum' ? 'sums' : 'counts'][slot]
    if (Number.isNaN(total)) return
    const series = this.#outputs.totals.of(slot, aggregation)
    if (isFirst) this.#add(series, start, 0, start)
    this.#add(series, end, total, start)
  }

  #totalHistogram(pane: Pane, slot: number, isFirst: boolean, end: number): void {
    const { sums, counts, starts } = this.totals
    const start = starts[slot]
    if (!this.#rule.buckets) {
      const series = this.#outputs.totals.histogram(slot, false)
      if (isFirst) this.#addHistogram(series, start, this.#noBuckets.zero(sums[slot]), start)
      return this.#addHistogram(series, end, this.#noBuckets.point(counts[slot], sums[slot]), start)
    }
    const total = this.totals.addHistogram(slot, pane.histograms?.get(slot) ?? this.#noBuckets)
    const series = this.#outputs.totals.histogram(slot, total.isExponential)
    if (isFirst) this.#addHistogram(series, start, total.zero(sums[slot]), start)
    this.#addHistogram(series, end, total.point(counts[slot], sums[slot]), start)
  }

  #histogramAt(pane: Pane, at: number, slot: number): HistogramPoint {
    const [count, sum] = [pane.counts[at], pane.sums[at]]
    if (this.#rule.buckets) return (pane.histograms?.get(slot) ?? this.#noBuckets).point(count, sum)
    const [min, max] = [finiteOrNaN(pane.extremes?.mins[at]), finiteOrNaN(pane.extremes?.maxs[at])]
    return { kind: 'histogram', count, sum, min, max, bounds: [], counts: [] } satisfies Histogram
  }

  /** Where all values of an event were 1 their sum says what their count does. */
  #sendsSum(slot: number): boolean {
    if (this.#rule.aggregations !== undefined || this.#groups.kindOf(slot) !== 'event') return true
    return this.#groups.hasValues[slot] === 1
  }

  #addHistogram(series: Series, time: number, point: HistogramPoint, start: number): void {
    this.#makeRoom()
    if (this.#rule.buckets && point.kind === 'histogram' && point.bounds.length === 0) this.#withoutBuckets.add(1)
    this.#builder.addDistribution(series, time, point, start)
  }

  #add(series: Series, time: number, value: number, start: number): void {
    this.#makeRoom()
    this.#builder.add(series, time, value, start)
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

  #take(): PointBlock[] {
    this.#cut()
    return this.#blocks.splice(0)
  }

  #cut(): void {
    if (this.#builder.length === 0) return
    this.#blocks.push(this.#builder.build())
    this.#builder = new PointBlockBuilder()
  }
}

function valueAt(
  aggregation: Exclude<Aggregation, 'histogram' | 'quantiles' | 'unique'>,
  pane: Pane,
  at: number
): number {
  switch (aggregation) {
    case 'count':
      return pane.counts[at]
    case 'sum':
      return pane.sums[at]
    case 'avg':
      return pane.sums[at] / pane.counts[at]
    case 'min':
      return pane.extremes?.mins[at] ?? Number.NaN
    case 'max':
      return pane.extremes?.maxs[at] ?? Number.NaN
    case 'last':
      return pane.latest?.times[at] === Number.NEGATIVE_INFINITY ? Number.NaN : (pane.latest?.values[at] ?? Number.NaN)
  }
}

const finiteOrNaN = (value = Number.NaN) => (Number.isFinite(value) ? value : Number.NaN)
