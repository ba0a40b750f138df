import type { Grid, HistogramValue, Labels, QueryData, Series } from '../../app/promql.ts'

/** Lines over one grid of times. */
export interface ChartData {
  /** s */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
}

export interface Line {
  readonly labels: Labels
  /** One for each time; null where there is none. */
  readonly values: readonly (number | null)[]
}

/** The result of a range query, on all times of its grid. Histograms count by their number of observations. */
export function chartDataOf(data: QueryData, grid: Grid): ChartData {
  const times = timesOf(grid)
  if (data.resultType === 'scalar') {
    const value = numberOf(data.result[1])
    return { times, lines: [{ labels: {}, values: times.map(() => value) }] }
  }
  if (data.resultType !== 'matrix') return { times, lines: [] }
  return {
    times,
    lines: data.result.map(series => ({ labels: series.metric, values: rowOf(series, grid, times.length) }))
  }
}

export function timesOf({ start, end, step }: Grid): number[] {
  return Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, i) => start + i * step)
}

/** Prometheus writes `NaN`, `+Inf` and `-Inf`. None of them has a place on a chart. */
export function numberOf(text: string): number | null {
  const value = Number(text)
  return Number.isFinite(value) ? value : null
}

function rowOf({ values = [], histograms = [] }: Series, { start, step }: Grid, length: number): (number | null)[] {
  const row = new Array<number | null>(length).fill(null)
  for (const [time, value] of values) row[Math.round((time - start) / step)] = numberOf(value)
  for (const [time, { count }] of histograms) row[Math.round((time - start) / step)] = numberOf(count)
  return row
}

/** Counts by value and time. */
export interface HeatmapData {
  /** s */
  readonly times: readonly number[]
  /** Bounds of buckets, lowest first. */
  readonly buckets: readonly Bucket[]
  /** `counts[bucket][time]` */
  readonly counts: readonly (readonly number[])[]
}

export interface Bucket {
  readonly lower: number
  readonly upper: number
}

/**
 * Buckets of native histograms, or of classic ones: series with a label `le`, whose counts are those of all buckets up to
 * it. Undefined if the result has neither. Counts of several series are added up.
 */
export function heatmapDataOf(data: QueryData, grid: Grid): HeatmapData | undefined {
  if (data.resultType !== 'matrix') return undefined
  const times = timesOf(grid)
  const column = (time: number) => Math.round((time - grid.start) / grid.step)
  const classic = data.result.filter(({ metric, values }) => metric.le !== undefined && values !== undefined)
  if (classic.length > 0) return classicHeatmap(classic, times, column)
  const native = data.result.filter(({ histograms }) => histograms !== undefined)
  return native.length === 0 ? undefined : nativeHeatmap(native, times, column)
}

function classicHeatmap(
  all: readonly Series[],
  times: readonly number[],
  column: (time: number) => number
): HeatmapData {
  const sums = new Map<number, number[]>()
  for (const { metric, values = [] } of all) {
    const upper = Number(metric.le.replace('Inf', 'Infinity'))
    const row = rowIn(sums, upper, times.length)
    for (const [time, value] of values) row[column(time)] += numberOf(value) ?? 0
  }
  const bounds = [...sums.keys()].sort((a, b) => a - b)
  const buckets = bounds.map((upper, i) => ({ lower: bounds[i - 1] ?? Math.min(0, upper), upper }))
  const counts = bounds.map((upper, i) => {
    const below = i === 0 ? undefined : sums.get(bounds[i - 1])
    return sums.get(upper)!.map((total, at) => Math.max(0, total - (below?.[at] ?? 0)))
  })
  return { times, buckets, counts }
}

function nativeHeatmap(
  all: readonly Series[],
  times: readonly number[],
  column: (time: number) => number
): HeatmapData {
  const rows = new Map<string, { readonly bucket: Bucket; readonly counts: number[] }>()
  const add = (at: number, [, left, right, count]: NonNullable<HistogramValue['buckets']>[number]) => {
    const key = `${left} ${right}`
    let row = rows.get(key)
    if (row === undefined) {
      row = { bucket: { lower: Number(left), upper: Number(right) }, counts: new Array(times.length).fill(0) }
      rows.set(key, row)
    }
    row.counts[at] += Number(count)
  }
  for (const { histograms = [] } of all)
    for (const [time, { buckets = [] }] of histograms) for (const bucket of buckets) add(column(time), bucket)
  const sorted = [...rows.values()].sort((a, b) => a.bucket.upper - b.bucket.upper)
  return { times, buckets: sorted.map(({ bucket }) => bucket), counts: sorted.map(({ counts }) => counts) }
}

function rowIn(rows: Map<number, number[]>, key: number, length: number): number[] {
  let row = rows.get(key)
  if (row === undefined) rows.set(key, (row = new Array<number>(length).fill(0)))
  return row
}
