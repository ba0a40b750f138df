import { additiveSum, type Distribution } from './distribution.ts'
import { type HistogramPoint, MergedHistogram } from './merged-histogram.ts'
import { type PointBlock, PointBlockBuilder } from './points.ts'
import type { Series } from './series.ts'
import { unionOf } from './sketch/distinct-sketch.ts'

export interface MergedBlock {
  readonly block: PointBlock
  /** Points that a later one of the same series and time replaces. */
  readonly lost: number
}

/**
 * A block with one number and one distribution at most for each series and time, for stores that keep no more. Increments
 * and sets are added up, in the last of them; of everything else the last one stays. The block itself where no two meet.
 * @param timeOf what the store makes of a time in Unix ms: it tells no others apart
 */
export function mergeSameTime(block: PointBlock, timeOf: (ms: number) => number): MergedBlock {
  if (!mayMeet(block, timeOf)) return { block, lost: 0 }
  const builder = new PointBlockBuilder(block.length)
  const partsOfLast = new Map<number, readonly number[]>()
  let lost = 0
  for (const rows of rowsByPlace(block, timeOf)) {
    const parts = partsOf(block, rows)
    partsOfLast.set(rows.at(-1)!, parts)
    lost += rows.length - parts.length
  }
  for (let i = 0; i < block.length; i++) {
    const parts = partsOfLast.get(i)
    if (parts?.length === 1) builder.copy(block, i)
    else if (parts !== undefined) addUp(builder, block, parts)
  }
  return { block: builder.build(), lost }
}

/**
 * The same for what is one increment, sent twice: for points of one series and interval. Undefined where there is no
 * interval, as StatsD has none: each such point is an observation of its own.
 */
export function incrementKey({ series, time, start }: PointBlock, i: number): string | undefined {
  return start[i] === 0 ? undefined : `${series[i].id} ${start[i]} ${time[i]}`
}

/** Points of a series mostly come in the order of their times, so that nothing has to be remembered but the last. */
function mayMeet({ length, series, time }: PointBlock, timeOf: (ms: number) => number): boolean {
  const latest = new Map<Series, number>()
  for (let i = 0; i < length; i++) {
    const at = timeOf(time[i])
    const before = latest.get(series[i])
    if (before !== undefined && !(at > before)) return true
    latest.set(series[i], at)
  }
  return false
}

function* rowsByPlace(block: PointBlock, timeOf: (ms: number) => number): Generator<number[]> {
  const { length, series, time, distributions } = block
  const numbers = new Map<Series, Map<number, number[]>>()
  const others = new Map<Series, Map<number, number[]>>()
  for (let i = 0; i < length; i++) {
    const places = distributions.has(i) ? others : numbers
    let byTime = places.get(series[i])
    if (byTime === undefined) places.set(series[i], (byTime = new Map()))
    const rows = byTime.get(timeOf(time[i]))
    if (rows === undefined) byTime.set(timeOf(time[i]), [i])
    else rows.push(i)
  }
  for (const places of [numbers, others]) for (const byTime of places.values()) yield* byTime.values()
}

/** Those of `rows`, of one series and time, that make its point; the last is always one of them. */
function partsOf(block: PointBlock, rows: readonly number[]): readonly number[] {
  const last = rows.at(-1)!
  if (rows.length === 1 || !isAdditive(block, last)) return [last]
  const seen = new Set<string>()
  const parts: number[] = []
  for (const i of rows.toReversed()) {
    const key = incrementKey(block, i)
    if (!isAdditive(block, i) || (key !== undefined && seen.has(key))) continue
    if (key !== undefined) seen.add(key)
    parts.push(i)
  }
  return parts.reverse()
}

function isAdditive({ series, flags }: PointBlock, i: number): boolean {
  const { kind, temporality } = series[i].metric
  return flags[i] === 0 && (temporality === 'delta' || kind === 'set')
}

function addUp(builder: PointBlockBuilder, block: PointBlock, parts: readonly number[]): void {
  const { series, time, start, value, distributions } = block
  const last = parts.at(-1)!
  // The interval of all of them; one without adds nothing to it.
  const starts = parts.map(i => start[i]).filter(one => one > 0)
  const begins = starts.length === 0 ? 0 : Math.min(...starts)
  if (distributions.has(last)) {
    const merged = mergeDistributions(parts.map(i => distributions.get(i)!))
    return builder.addDistribution(series[last], time[last], merged, begins)
  }
  const sum = parts.reduce((total, i) => total + value[i], 0)
  builder.add(series[last], time[last], sum, begins)
}

/** All of them are sets, or sketches of sets; or all are histograms. */
function mergeDistributions(parts: readonly Distribution[]): Distribution {
  const [first] = parts
  if (first.kind === 'set' || first.kind === 'distinct') return (parts as (typeof first)[]).reduce(unionOf)
  const merged = new MergedHistogram()
  let [count, sum] = [0, 0]
  for (const part of parts as HistogramPoint[]) {
    merged.add(part)
    count += part.count
    sum += additiveSum(part)
  }
  return merged.point(count, sum)
}
