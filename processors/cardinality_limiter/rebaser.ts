import type { PointBlock, PointBlockBuilder } from '../../sdk/plugin/index.ts'
import { subtractDistributions } from './additive-values.ts'
import { hasBegunAnew, isNewer, type LastValues } from './last-values.ts'
import type { TrackedSeries } from './state.ts'

/**
 * Keeps counts exact when a cumulative series gets or loses its place, by two points of the series: its last one, and
 * the base, up to which it was counted in another series.
 */
export class Rebaser {
  #last: LastValues

  constructor(last: LastValues) {
    this.#last = last
  }

  /** A series got a place. If it was folded until now it begins anew. */
  admitted(entry: TrackedSeries): void {
    const last = this.#last.remove(entry.key)
    if (last === undefined) return
    entry.last = last
    entry.base = last.own === undefined ? last : last.own.base
    entry.needsStartPoint = last.own?.needsStartPoint ?? true
  }

  /** A series lost its place. */
  evicted(entry: TrackedSeries, now: number): void {
    const { key, last, base, needsStartPoint } = entry
    if (last !== undefined) this.#last.put(key, { ...last, own: { base, needsStartPoint } }, now)
  }

  /** True if point `i` goes on as it is. */
  isUnchanged(entry: TrackedSeries, block: PointBlock, i: number): boolean {
    const point = {
      start: block.start[i],
      time: block.time[i],
      value: block.value[i],
      distribution: block.distributions.get(i)
    }
    const { last, base } = entry
    if (last === undefined || isNewer(point, last)) entry.last = point
    if (base === undefined) return true
    if (!isNewer(point, base) || !hasBegunAnew(point, base, isMonotonic(block, i))) return false
    // It began anew: the base is no part of it any more.
    entry.base = undefined
    return true
  }

  /** Writes point `i`, which does not go on as it is, less the base; false if all of it was counted elsewhere. */
  rebase(entry: TrackedSeries, block: PointBlock, i: number, points: PointBlockBuilder): boolean {
    const base = entry.base!
    const distribution = block.distributions.get(i)
    const isOlder = block.start[i] === base.start ? block.time[i] <= base.time : block.start[i] < base.start
    if (isOlder) return false
    if (distribution === undefined)
      points.add(block.series.at(i), block.time[i], block.value[i] - base.value, base.time, block.flags[i])
    else {
      const rest = subtractDistributions(distribution, base.distribution!)
      points.addDistribution(block.series.at(i), block.time[i], rest, base.time, block.flags[i])
    }
    return true
  }
}

const isMonotonic = (block: PointBlock, i: number) => block.series.metricOf(i).kind !== 'up_down_counter'
