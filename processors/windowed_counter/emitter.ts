import {
  type Attribute,
  formatDuration,
  type Histogram,
  type Metric,
  type MetricKind,
  type PointBlock,
  PointBlockBuilder,
  type Series,
  type SeriesRegistry,
  sortAttributes,
  type Temporality
} from '../../sdk/plugin/index.ts'
import type { Group, Groups } from './groups.ts'
import { Pane } from './pane.ts'
import { Totals } from './totals.ts'
import type { ClosedWindow, Level } from './windows.ts'

const MAX_POINTS_PER_BLOCK = 10_000
const LATE: Attribute = ['late', 'true']

/** The series a group is sent as, made when first needed. `sum` only for events: of their values. */
interface Output {
  readonly count: Series
  readonly sum: Series | undefined
}

/** Turns closed windows into points: per-window values at the window's end, and totals that only grow. */
export class Emitter {
  readonly totals = new Totals()
  #levels: readonly Level[]
  #groups: Groups
  #series: SeriesRegistry
  #emitDelta: boolean
  #emitCumulative: boolean
  #outputs: (Map<string, Output> | undefined)[] = []
  #builder = new PointBlockBuilder()
  #blocks: PointBlock[] = []

  constructor(
    levels: readonly Level[],
    groups: Groups,
    series: SeriesRegistry,
    output: readonly ('delta' | 'cumulative')[]
  ) {
    this.#levels = levels
    this.#groups = groups
    this.#series = series
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
      this.#outputs[slot] = undefined
    }
  }

  #deltas({ level, start, end }: ClosedWindow, pane: Pane | undefined, late: boolean): void {
    if (pane === undefined) return
    const window = formatDuration(this.#levels[level].size)
    const { keys, sums, counts } = pane
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] === 0) continue
      const group = this.#groups.at(keys[at] - 1)
      const output = this.#outputOf(group, late ? `late ${window}` : window, () =>
        windowAttributes(group, window, late)
      )
      this.#add(group, output, end, sums[at], counts[at], start)
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
    const { keys, sums, counts } = pane
    for (let at = 0; at < keys.length; at++) {
      if (keys[at] === 0) continue
      const slot = keys[at] - 1
      const group = this.#groups.at(slot)
      group.lastActive = end
      const isFirst = this.totals.add(slot, sums[at], counts[at], start)
      if (!this.#emitCumulative) continue
      const output = this.#outputOf(group, 'total', () => group.base.attributes)
      // A zero before the first value: rate() and increase() see the first increment, after a restart too.
      if (isFirst) this.#add(group, output, start, 0, 0, start)
      this.#add(group, output, end, this.totals.sums[slot], this.totals.counts[slot], this.totals.starts[slot])
    }
  }

  #add(
    group: Group,
    { count: series, sum: ofValues }: Output,
    time: number,
    sum: number,
    count: number,
    start: number
  ): void {
    if (this.#builder.length >= MAX_POINTS_PER_BLOCK) this.#cut()
    if (group.kind === 'histogram') this.#builder.addDistribution(series, time, countAndSum(count, sum), start)
    else this.#builder.add(series, time, group.kind === 'event' ? count : sum, start)
    if (ofValues !== undefined && group.hasValues) this.#builder.add(ofValues, time, sum, start)
  }

  #cut(): void {
    if (this.#builder.length === 0) return
    this.#blocks.push(this.#builder.build())
    this.#builder = new PointBlockBuilder()
  }

  #outputOf(group: Group, name: string, attributes: () => readonly Attribute[]): Output {
    const outputs = (this.#outputs[group.slot] ??= new Map())
    const known = outputs.get(name)
    if (known !== undefined) return known
    const { base, kind } = group
    const temporality = name === 'total' ? 'cumulative' : 'delta'
    const labels = attributes()
    const intern = (metric: Metric) => this.#series.intern(metric, labels, base.resource, base.scope)
    const output = {
      count: intern(derive(base.metric, base.metric.name, base.metric.kind, temporality)),
      // Values may be negative, so their sum is no counter.
      sum:
        kind === 'event'
          ? intern({ ...derive(base.metric, `${base.metric.name}.sum`, 'up_down_counter', temporality), unit: '' })
          : undefined
    }
    outputs.set(name, output)
    return output
  }
}

function windowAttributes({ base }: Group, window: string, late: boolean): readonly Attribute[] {
  return sortAttributes([...base.attributes, ['window', window], ...(late ? [LATE] : [])])
}

function derive(metric: Metric, name: string, kind: MetricKind, temporality: Temporality): Metric {
  return { ...metric, name, kind, temporality }
}

function countAndSum(count: number, sum: number): Histogram {
  return { kind: 'histogram', count, sum, min: Number.NaN, max: Number.NaN, bounds: [], counts: [] }
}
