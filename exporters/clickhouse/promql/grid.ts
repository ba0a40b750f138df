import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import { bucketRows } from './bucket-rows.ts'
import { type GridOutputs, gridOutputs, outputLabels } from './grid-outputs.ts'
import { canAggregate, GRID_FUNCTIONS, gridSql } from './grid-sql.ts'
import { asNullable, type NativeColumns } from './native-reader.ts'
import { isNumberForm, numberRows } from './number-samples.ts'
import { rangeOf } from './sample-loader.ts'
import { hasDistributions, type RowRange, type Tables } from './sample-sources.ts'
import type { Found, FoundSeries } from './series-index.ts'
import type { Statements } from './statements.ts'
import { hasWindows, windowGrid } from './window-grid.ts'

/** False if the engine has to compute by itself. */
export const canGrid = (request: GridRequest) => hasFunction(request) || hasWindows(request)

const hasFunction = ({ func, aggregate }: GridRequest) => func in GRID_FUNCTIONS && canAggregate(aggregate)

/** The result of a function, computed by ClickHouse. Undefined if it would not be exactly what PromQL makes of the samples. */
export async function storedGrid(
  statements: Statements,
  request: GridRequest,
  tables: Tables,
  found: Found,
  signal: AbortSignal
): Promise<GridSeries[] | undefined> {
  if (!hasRows(request, found)) return undefined
  const rows = (part?: RowRange['part']) => withinWindows(rowsFor(request, tables, found, part), request)
  if (hasWindows(request)) return windowGrid(statements, request, found.series, rows, signal)
  return functionGrid(statements, request, found.series, rows(), signal)
}

/** True if the samples are numbers that are stored as such. */
function hasRows({ func }: GridRequest, { series }: Found): boolean {
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
  const blocks = await statements.ask(gridSql(request, rows, outputs), signal, { timeSeries: true })
  if (blocks.some(block => block.numbers('odd').includes(1))) return undefined
  return blocks.flatMap(block => gridsIn(block, request, outputs))
}

/** One for each output that has a value. */
function gridsIn(block: NativeColumns, request: GridRequest, outputs: GridOutputs): GridSeries[] {
  const labelsAt = outputLabels(outputs, block, request)
  const { ends, items } = block.list('grid')
  const { nulls, values } = asNullable(items)
  const grids: GridSeries[] = []
  for (let row = 0; row < block.rows; row++) {
    const from = row === 0 ? 0 : ends[row - 1]
    const absent = nulls.subarray(from, ends[row])
    const labels = labelsAt(row)
    if (labels === undefined || !absent.includes(0)) continue
    grids.push({
      labels,
      values: values.subarray(from, ends[row]) as Float64Array,
      absent: absent.includes(1) ? absent : undefined
    })
  }
  return grids
}
