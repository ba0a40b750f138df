import type { Series } from '../model/series.ts'
import { difference } from './difference.ts'
import type { GroupKind, Groups } from './groups.ts'
import type { HistogramPoint } from './merged-histogram.ts'

/** Series that are not counted here but pass through. */
export const PASS_THROUGH = -1
/** Series that count up by themselves: what they add is the difference to the point before. */
export const CUMULATIVE = -2
const UNKNOWN = -3
const INITIAL_CAPACITY = 1024
/** Of one series at a time; each restart of an application is one more. */
const MAX_WRITERS = 64

/** The last point of a cumulative series. */
export interface LastPoint {
  /** Unix ms; 0 where the sender names none. */
  start: number
  time: number
  sum: number
  count: number
  readonly histogram: HistogramPoint | undefined
}

/** What a point adds to a group. */
export interface Increment {
  slot: number
  sum: number
  count: number
  histogram: HistogramPoint | undefined
}

/** What to do with points of a series, by its dense id. */
export class Inputs {
  #groups: Groups
  /** Increments of series that began before this are unknown until their second point. Unix ms. */
  since: number
  #countsSets: boolean
  #owner: (Series | undefined)[] = []
  #slots = new Int32Array(INITIAL_CAPACITY)
  #cumulative = new Map<Series, { readonly slot: number; readonly writers: LastPoint[] }>()

  /** @param countsSets whether sets are counted, or pass through */
  constructor(groups: Groups, since: number, countsSets: boolean) {
    this.#groups = groups
    this.since = since
    this.#countsSets = countsSets
  }

  /** The group's slot, {@link PASS_THROUGH} or {@link CUMULATIVE}. */
  slotOf(series: Series): number {
    return this.#owner[series.id] === series ? this.#slots[series.id] : this.#enter(series)
  }

  /**
   * What a point of a cumulative series adds. Written to `into`; false where that cannot be told yet: the first point
   * of one that was counting before anybody looked. Two that write under one identity, as replicas without an instance
   * id do, are told apart by when they began.
   */
  increment(series: Series, point: LastPoint, into: Increment): boolean {
    const { slot, writers } = this.#cumulative.get(series)!
    into.slot = slot
    const last = writers.find(({ start }) => start === point.start)
    if (last !== undefined && point.time <= last.time) return false
    const isReset = last === undefined || point.count < last.count || point.sum < last.sum
    into.sum = isReset ? point.sum : point.sum - last.sum
    into.count = isReset ? point.count : point.count - last.count
    into.histogram = isReset ? point.histogram : increase(point.histogram, last.histogram)
    if (last !== undefined) Object.assign(last, point)
    else remember(writers, point)
    return last !== undefined || point.start >= this.since
  }

  *lastPoints(): Generator<[Series, LastPoint]> {
    for (const [series, { writers }] of this.#cumulative) for (const last of writers) yield [series, last]
  }

  restore(series: Series, last: LastPoint): void {
    this.slotOf(series)
    this.#cumulative.get(series)!.writers.push(last)
  }

  /** Lets go of every series; of cumulative ones, those with no point since `time`. */
  expire(time: number): void {
    const kept = [...this.lastPoints()].filter(([, last]) => last.time >= time)
    this.#owner = []
    this.#cumulative.clear()
    for (const [series, last] of kept) this.restore(series, last)
  }

  #enter(series: Series): number {
    while (series.id >= this.#slots.length) this.#slots = enlarge(this.#slots)
    const slot = this.#treatmentOf(series)
    this.#owner[series.id] = series
    this.#slots[series.id] = slot
    return slot
  }

  #treatmentOf(series: Series): number {
    const kind = countedAs(series)
    if (kind === undefined || (kind === 'set' && !this.#countsSets)) return PASS_THROUGH
    const { slot } = this.#groups.ofSeries(series, kind)
    // Members say the same whether they are told again or not.
    if (series.metric.temporality === 'delta' || kind === 'set') return slot
    this.#cumulative.set(series, { slot, writers: [] })
    return CUMULATIVE
  }
}

function increase(now: HistogramPoint | undefined, before: HistogramPoint | undefined): HistogramPoint | undefined {
  return now === undefined || before === undefined ? now : difference(now, before)
}

// The one longest silent makes room.
function remember(writers: LastPoint[], point: LastPoint): void {
  if (writers.length >= MAX_WRITERS) {
    const oldest = writers.reduce((a, b) => (b.time < a.time ? b : a))
    writers.splice(writers.indexOf(oldest), 1)
  }
  writers.push(point)
}

function countedAs({ metric: { kind, temporality } }: Series): GroupKind | undefined {
  if (kind === 'counter') return 'counter'
  if (kind === 'up_down_counter') return temporality === 'delta' ? 'up_down_counter' : undefined
  if (kind === 'set') return 'set'
  if (kind === 'histogram' || kind === 'exponential_histogram') return 'histogram'
  return undefined
}

function enlarge(slots: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(slots.length * 2).fill(UNKNOWN)
  larger.set(slots)
  return larger
}
