import { areDistinct } from './distinct-ids.ts'
import { additiveSum, type DistinctSketch, type Distribution, type MemberSet } from './distribution.ts'
import { IdNumbers } from './id-numbers.ts'
import { type HistogramPoint, MergedHistogram } from './merged-histogram.ts'
import { FLAG_NO_RECORDED_VALUE, type PointBlock, PointBlockBuilder } from './points.ts'
import type { Series, SeriesTable } from './series-table/series-table.ts'
import { unionOf } from './sketch/distinct-sketch.ts'

/** A block in which each series has one point at most at a time. */
export interface Merged {
  readonly block: PointBlock
  /** Points that another point of the same series and time stands for. */
  readonly replaced: number
}

/**
 * Merges points of one series and time, for stores that keep one of them. Increments add up by the rule of their kind;
 * two with the same interval are one increment that was sent twice. If points are no increments, the last one stays.
 */
export class SameTime {
  #registry: SeriesTable
  #timeOf: (ms: number) => number
  #numbers = new IdNumbers()
  /** By number of the series: the latest time so far. */
  #latest = new Float64Array()

  /** @param timeOf turns a time in Unix ms into the time that the store keeps, which may be the same for several */
  constructor(registry: SeriesTable, timeOf: (ms: number) => number) {
    this.#registry = registry
    this.#timeOf = timeOf
  }

  merge(block: PointBlock): Merged {
    return areDistinct(block.series.ids, block.length) || this.#hasOneEach(block)
      ? { block, replaced: 0 }
      : this.#mergeRows(block)
  }

  /** True if the times of each series rise. */
  #hasOneEach({ length, series: { ids }, time }: PointBlock): boolean {
    const numbers = this.#numbers
    numbers.begin(length)
    if (this.#latest.length < length) this.#latest = new Float64Array(length)
    for (let i = 0; i < length; i++) {
      const { size } = numbers
      const number = numbers.of(ids[i])
      const at = this.#timeOf(time[i])
      if (number < size && !(at > this.#latest[number])) return false
      this.#latest[number] = at
    }
    return true
  }

  #mergeRows(block: PointBlock): Merged {
    const builder = new PointBlockBuilder(block.length)
    let replaced = 0
    for (const rows of groupsOf(block, this.#timeOf)) {
      const kept = keptOf(block, rows)
      replaced += rows.length - kept.length
      if (kept.length === 1) builder.copy(block, kept[0])
      else this.#addUp(block, kept, builder)
    }
    return { block: builder.build(), replaced }
  }

  #addUp(block: PointBlock, rows: readonly number[], into: PointBlockBuilder): void {
    const series = block.series.at(rows[0])
    const time = block.time[rows.at(-1)!]
    const starts = rows.map(row => block.start[row]).filter(start => start > 0)
    const start = starts.length === 0 ? 0 : Math.min(...starts)
    const distributions = rows.map(row => block.distributions.get(row))
    const merged = distributions.includes(undefined) ? undefined : mergeDistributions(distributions as Distribution[])
    if (merged === undefined)
      into.add(
        series,
        time,
        rows.reduce((sum, row) => sum + block.value[row], 0),
        start
      )
    else into.addDistribution(this.#ofKind(series, merged), time, merged, start)
  }

  /** Single observations add up to exponential buckets, whatever the kind of their series. */
  #ofKind(series: Series, { kind }: Distribution): Series {
    const { metric, attributes, resource, scope } = series
    if (kind !== 'exponential_histogram' || metric.kind === kind) return series
    return this.#registry.intern({ ...metric, kind }, attributes, resource, scope)
  }
}

/** Rows of one series and time, in the order in which the first of each stands. */
function groupsOf({ length, series: { ids }, time }: PointBlock, timeOf: (ms: number) => number): Iterable<number[]> {
  const groups: number[][] = []
  const bySeries = new Map<number, Map<number, number[]>>()
  for (let i = 0; i < length; i++) {
    let byTime = bySeries.get(ids[i])
    if (byTime === undefined) bySeries.set(ids[i], (byTime = new Map()))
    const at = timeOf(time[i])
    const rows = byTime.get(at)
    if (rows !== undefined) rows.push(i)
    else {
      const group = [i]
      byTime.set(at, group)
      groups.push(group)
    }
  }
  return groups
}

function isIncrement({ series, flags }: PointBlock, i: number): boolean {
  const { kind, temporality } = series.metricOf(i)
  return (temporality === 'delta' || kind === 'set') && (flags[i] & FLAG_NO_RECORDED_VALUE) === 0
}

/** Without the rows that a later one stands for. The end of a series says nothing beside increments. */
function keptOf(block: PointBlock, rows: readonly number[]): readonly number[] {
  if (rows.length === 1) return rows
  const increments = rows.filter(row => isIncrement(block, row))
  if (increments.length === 0) return [rows.at(-1)!]
  const isSet = block.series.metricOf(rows[0]).kind === 'set'
  const lastOf = new Map<number, number>()
  for (const row of increments) if (block.start[row] > 0) lastOf.set(block.start[row], row)
  return increments.filter(row => isSet || block.start[row] === 0 || lastOf.get(block.start[row]) === row)
}

function mergeDistributions(distributions: readonly Distribution[]): Distribution {
  const [first] = distributions
  if (first.kind === 'set' || first.kind === 'distinct')
    return (distributions as (MemberSet | DistinctSketch)[]).reduce(unionOf)
  const merged = new MergedHistogram()
  let count = 0
  let sum = 0
  for (const histogram of distributions as readonly HistogramPoint[]) {
    merged.add(histogram)
    count += histogram.count
    sum += additiveSum(histogram)
  }
  // Those that have observed nothing add nothing, and all of them together still say nothing.
  const isKnown = distributions.some(one => !Number.isNaN((one as HistogramPoint).sum))
  return merged.point(count, isKnown ? sum : Number.NaN)
}
