import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { aggregatedWindows, hasAggregatedWindows, type WindowSource } from './aggregated-windows.ts'
import { bucketRows } from './bucket-rows.ts'
import { gridOutputs } from './grid-outputs.ts'
import { gridsOf } from './grid-rows.ts'
import { canAggregate, GRID_FUNCTIONS, gridSql } from './grid-sql.ts'
import { isNumberForm, numberRows } from './number-samples.ts'
import { rangeOf } from './sample-loader.ts'
import { hasDistributions, type RowRange, type Tables } from './sample-sources.ts'
import type { Found, FoundSeries } from './series-index.ts'
import type { Source } from './sources.ts'
import type { Statements } from './statements.ts'
import { hasWindows, windowGrid } from './window-grid.ts'

/** False if the engine has to compute by itself. */
export const canGrid = (request: GridRequest) =>
  hasFunction(request) || hasWindows(request) || hasAggregatedWindows(request)

const hasFunction = ({ func, aggregate }: GridRequest) =>
  func in GRID_FUNCTIONS && (aggregate === undefined || canAggregate(aggregate))

/** The result of a function, computed by ClickHouse. Undefined if it would not be exactly what PromQL makes of the samples. */
export async function storedGrid(
  statements: Statements,
  request: GridRequest,
  tables: Tables,
  found: Found,
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  if (!hasRows(request, found)) return undefined
  const rows = (part?: RowRange['part']) => rowsOfWindows(request, tables, found, part)
  if (hasWindows(request)) return windowGrid(statements, request, found.series, rows, signal)
  if (hasFunction(request)) return functionGrid(statements, request, found.series, rows(), signal)
  if (!hasAggregatedWindows(request)) return undefined
  const source: WindowSource = { gives: 'both', series: found.series, rows: rows() }
  return aggregatedWindows(statements, request, [source], signal)
}

/** The result of an aggregation over averages, of which the tables have sums and numbers of samples. Undefined as above. */
export async function storedAverages(
  statements: Statements,
  request: GridRequest,
  [sums, counts]: readonly [Source, Source],
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  const parts = [
    ['numbers', sums],
    ['counts', counts]
  ] as const
  if (parts.some(([, { found }]) => !hasRows(request, found))) return undefined
  const sources = parts.map(([gives, { tables, found }]): WindowSource => {
    return { gives, series: found.series, rows: rowsOfWindows(request, tables, found, undefined) }
  })
  return aggregatedWindows(statements, request, sources, signal)
}

/** A query of SQL for the columns of `numberRows`, none of which is between windows. */
export function rowsOfWindows(request: GridRequest, tables: Tables, found: Found, part: RowRange['part']): string {
  return withinWindows(rowsFor(request, tables, found, part), request)
}

/** True if the samples are numbers that are stored as such. */
export function hasRows({ func }: GridRequest, { series }: Found): boolean {
  const [{ form }] = series
  if (series.some(one => one.form !== form)) return false
  // The end of a series is no row of each bucket.
  const isExplicit = form === 'bucket' && series.every(({ metric }) => metric.kind === 'histogram')
  return isNumberForm(form) || (isExplicit && func !== 'last')
}

function rowsFor(
  { start, end, rangeMs, limits }: GridRequest,
  tables: Tables,
  found: Found,
  part: RowRange['part']
): string {
  const { series } = found
  const [{ form }] = series
  const range = { ...tables, ...rangeOf(series, found), part, after: start - rangeMs, until: end }
  if (!isNumberForm(form)) return bucketRows(range)
  return numberRows({ ...range, form, hasDistributions: hasDistributions(series), limits })
}

/** Without rows between the windows, if there is room between them. */
function withinWindows(rows: string, { start, stepMs, rangeMs }: GridRequest): string {
  if (stepMs <= rangeMs) return rows
  const sinceFirst = `toUnixTimestamp64Milli(time) - ${start - rangeMs + 1}`
  return `SELECT * FROM (${rows}) WHERE (${sinceFirst}) % ${stepMs} < ${rangeMs}`
}

async function functionGrid(
  statements: Statements,
  request: GridRequest,
  series: readonly FoundSeries[],
  rows: string,
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  const outputs = gridOutputs(series, request)
  const known = await statements.gridFunctions()
  if (outputs === undefined || !known.has(GRID_FUNCTIONS[request.func]!)) return undefined
  const blocks = await statements.askTogether(gridSql(request, rows, outputs), signal, { timeSeries: true })
  return gridsOf(blocks, request, outputs)
}
