import { hasKnownStart } from '../../core/model/start-time.ts'
import type { Distribution, PointBlock, PointBlockBuilder, Series } from '../../sdk/plugin/index.ts'
import { addDistributions, zeroOf } from './additive-values.ts'
import { type Increment, incrementOf, isNewer, type Last, LastValues } from './last-values.ts'
import type { Beginning, Ref } from './state.ts'

/** A zero comes this much before the first value, so that `rate()` and `increase()` see the first increment. */
const ZERO_BEFORE_MS = 1

/** The total of a series that others are folded into. */
export interface Total extends Beginning {
  /** Unix ms. */
  readonly start: number
  time: number
  value: number
  distribution: Distribution | undefined
}

interface Cell {
  start: number
  value: number
  distribution: Distribution | undefined
}

/** The points of this block that are folded into one series. */
interface Open {
  /** By time: deltas and sets. */
  readonly cells: Map<number, Cell>
  /** Latest time of the points added to the total; NaN if there are none. */
  latest: number
}

/** Adds points of many series up into one, so that sums over all series stay exact. */
export class Folding {
  readonly last: LastValues
  /** By the series that others are folded into, of cumulative ones. */
  readonly totals = new Map<Series, Total>()
  /** Points with an unknown increment: their series began before anybody looked, or was evicted. */
  unknown = 0
  #open = new Map<Series, Open>()

  constructor(maxEntries: number, since: number) {
    this.last = new LastValues(maxEntries, since)
  }

  /** Called before each block. Removes points that a failed block has left. */
  begin(): void {
    if (this.#open.size > 0) this.#open.clear()
  }

  /** Adds point `i` to `target`. */
  add(block: PointBlock, i: number, ref: Ref, target: Series, now: number): void {
    let open = this.#open.get(target)
    if (open === undefined) this.#open.set(target, (open = { cells: new Map(), latest: Number.NaN }))
    const distribution = block.distributions.get(i)
    if (!ref.isCumulative) return addCell(open.cells, block, i, distribution)
    const point: Last = { start: block.start[i], time: block.time[i], value: block.value[i], distribution }
    const increment = this.#increment(ref.key, point, block.series.metricOf(i).kind !== 'up_down_counter', now)
    this.#addTotal(target, increment, point, now)
    const at = Math.min(point.time, now)
    if (!(open.latest >= at)) open.latest = at
  }

  /** Writes the folded points of this block, and adds to `begun` the totals that begin with it. */
  emit(points: PointBlockBuilder, begun: Beginning[]): void {
    for (const [series, { cells, latest }] of this.#open) {
      for (const [time, cell] of cells) addPoint(points, series, time, cell)
      if (Number.isNaN(latest)) continue
      const total = this.totals.get(series)!
      if (total.needsStartPoint) {
        addZero(points, series, total.start, total.distribution)
        total.needsStartPoint = false
        begun.push(total)
      }
      // One value for a time: stores keep but one of two.
      total.time = Math.max(latest, total.time + 1)
      addPoint(points, series, total.time, total)
    }
    this.#open.clear()
  }

  #increment(key: string, point: Last, isMonotonic: boolean, now: number): Increment | undefined {
    const last = this.last.remove(key)
    if (last !== undefined && !isNewer(point, last)) {
      this.last.put(key, last, now)
      return undefined
    }
    // Computed before the point is remembered: that may evict another one, and so make more starts doubtful.
    const increment = last === undefined ? this.#firstIncrement(point) : incrementOf(point, last, isMonotonic)
    if (increment === undefined) this.unknown++
    this.last.put(key, point, now)
    return increment
  }

  /** A series that began after its last points were watched counts from its start, if that is known. */
  #firstIncrement(point: Last): Increment | undefined {
    return point.start >= this.last.since && hasKnownStart(point.start, point.time) ? point : undefined
  }

  #addTotal(target: Series, increment: Increment | undefined, point: Last, now: number): void {
    let total = this.totals.get(target)
    if (total === undefined) {
      const start = Math.min(point.time, now) - ZERO_BEFORE_MS
      const distribution = point.distribution && zeroOf(point.distribution)
      total = { start, time: start, value: 0, distribution, needsStartPoint: true }
      this.totals.set(target, total)
    }
    if (increment === undefined) return
    total.value += increment.value
    total.distribution = sumOf(total.distribution, increment.distribution)
  }
}

function addCell(cells: Map<number, Cell>, block: PointBlock, i: number, distribution: Distribution | undefined): void {
  const time = block.time[i]
  const start = block.start[i]
  const cell = cells.get(time)
  if (cell === undefined) {
    cells.set(time, { start, value: block.value[i], distribution })
    return
  }
  if (start > 0 && (start < cell.start || cell.start === 0)) cell.start = start
  cell.value += block.value[i]
  cell.distribution = sumOf(cell.distribution, distribution)
}

function sumOf(a: Distribution | undefined, b: Distribution | undefined): Distribution | undefined {
  return a === undefined || b === undefined ? (a ?? b) : addDistributions(a, b)
}

function addPoint(points: PointBlockBuilder, series: Series, time: number, { start, value, distribution }: Cell): void {
  if (distribution === undefined) points.add(series, time, value, start)
  else points.addDistribution(series, time, distribution, start)
}

/** A series begins at `time`; its distributions are like `distribution`. */
export function addZero(
  points: PointBlockBuilder,
  series: Series,
  time: number,
  distribution: Distribution | undefined
): void {
  addPoint(points, series, time, { start: time, value: 0, distribution: distribution && zeroOf(distribution) })
}
