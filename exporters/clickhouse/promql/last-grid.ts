import type { AggregationOp } from '../../../core/promql/ast.ts'
import { METRIC_NAME } from '../../../core/promql/labels.ts'
import type { GridFunction, GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { hasRows, rowsOfWindows, storedGrid } from './grid.ts'
import { type GridOutputs, gridOutputs } from './grid-outputs.ts'
import type { RowRange, Tables } from './sample-sources.ts'
import type { Found, FoundSeries } from './series-index.ts'
import type { Statements } from './statements.ts'
import { windowGrid } from './window-grid.ts'

/** In a millisecond. */
const MICROSECONDS = 1000
/** Functions of the samples of several series that aggregate them. */
const OF_ROWS: Readonly<Partial<Record<AggregationOp, GridFunction>>> = {
  sum: 'sum_over_time',
  avg: 'avg_over_time',
  min: 'min_over_time',
  max: 'max_over_time',
  count: 'count_over_time'
}

/** Series that did not all have a sample in the last interval of each window are not tried again for so long. */
const RETRY_MS = 60_000
/** When that was. */
const incomplete = new WeakMap<readonly FoundSeries[], number>()

/**
 * The result of an aggregation over last samples, of series that have one in each interval: that of all rows in the last
 * interval of each window, with no look at series. Others are computed as by `storedGrid`.
 */
export async function storedLast(
  statements: Statements,
  request: GridRequest,
  tables: Tables,
  found: Found,
  intervalMs: number,
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  const { aggregate, rangeMs } = request
  const func = aggregate && OF_ROWS[aggregate.op]
  const outputs = gridOutputs(found.series, request)
  // Stored series that are one to PromQL may have a sample each. Other functions than the last one do not keep the name.
  const isOfSeries = outputs?.sameAs.size !== 0 || aggregate?.grouping.includes(METRIC_NAME)
  if (func === undefined || isOfSeries || !hasRows(request, found) || !hasIntervals(request, intervalMs, found.series))
    return storedGrid(statements, request, tables, found, signal)
  const narrow = { ...request, func, rangeMs: Math.min(rangeMs, intervalMs) }
  const rows = (part?: RowRange['part']) => checkedRows(rowsOfWindows(narrow, tables, found, part), intervalMs)
  const members = rangeMs > intervalMs ? membersOf(outputs) : undefined
  const grids = await windowGrid(statements, narrow, found.series, rows, signal, members)
  if (grids !== undefined) return grids
  if (members !== undefined) incomplete.set(found.series, performance.now())
  return storedGrid(statements, request, tables, found, signal)
}

/** True if windows have one interval each, or if it may be enough to look at the last one. */
function hasIntervals(
  { start, stepMs, rangeMs }: GridRequest,
  intervalMs: number,
  series: readonly FoundSeries[]
): boolean {
  if (rangeMs <= intervalMs) return true
  const isApart = stepMs >= rangeMs && [start, stepMs].every(ms => ms % intervalMs === 0)
  return isApart && performance.now() - (incomplete.get(series) ?? Number.NEGATIVE_INFINITY) > RETRY_MS
}

/** How many series each output has. */
function membersOf({ labels, numbers }: GridOutputs): Uint32Array {
  const members = new Uint32Array(labels.length)
  for (const output of numbers) members[output]++
  return members
}

/**
 * A series has one sample at most at the end of each interval. What is elsewhere, or the end of a series, is like a value that is
 * no number, of which there is no result.
 */
function checkedRows(rows: string, intervalMs: number): string {
  const isElsewhere = `toUnixTimestamp64Micro(time) % ${intervalMs * MICROSECONDS} != 0`
  return `SELECT series_id, time, if(ends = 1 OR ${isElsewhere}, nan, number) AS number, toUInt8(0) AS ends FROM (${rows})`
}
