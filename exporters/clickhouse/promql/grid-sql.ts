import type { AggregationOp } from '../../../core/promql/ast.ts'
import type { GridAggregate, GridFunction, GridRequest } from '../../../core/promql/sample-store.ts'
import type { GridOutputs } from './grid-outputs.ts'
import { NOWHERE, transformed } from './numbered-series.ts'
import { arrayText } from './sql-text.ts'

/** ClickHouse's functions that are PromQL's. They leave out the left edge of a window, and count resets as Prometheus. */
export const GRID_FUNCTIONS: Readonly<Partial<Record<GridFunction, string>>> = {
  last: 'timeSeriesLastToGrid',
  last_over_time: 'timeSeriesLastToGrid',
  rate: 'timeSeriesRateToGrid',
  increase: 'timeSeriesIncreaseToGrid',
  delta: 'timeSeriesDeltaToGrid',
  irate: 'timeSeriesInstantRateToGrid',
  idelta: 'timeSeriesInstantDeltaToGrid',
  resets: 'timeSeriesResetsToGrid',
  changes: 'timeSeriesChangesToGrid'
}

/** An aggregation over the grids of several series, which are arrays of numbers or NULL. */
const AGGREGATES: Readonly<Partial<Record<AggregationOp, string>>> = {
  // The exact sum of infinities is NaN.
  sum: 'arrayMap((exact, plain) -> if(isFinite(exact), exact, plain), sumKahanForEach(grid), sumForEach(grid))',
  avg: 'arrayMap((exact, plain, n) -> if(isFinite(exact), exact, plain) / n, sumKahanForEach(grid), sumForEach(grid), countForEach(grid))',
  min: 'minForEach(grid)',
  max: 'maxForEach(grid)',
  count: 'arrayMap(n -> if(n = 0, NULL, toFloat64(n)), countForEach(grid))',
  group: 'arrayMap(n -> if(n = 0, NULL, 1.), countForEach(grid))'
}

export const canAggregate = ({ op, phi }: GridAggregate) => op in AGGREGATES || phi !== undefined

/** Over the column `grid`. Quantiles leave NULL out, and interpolate as PromQL does. */
export const aggregateSql = ({ op, phi }: GridAggregate): string =>
  phi === undefined ? AGGREGATES[op]! : `quantileExactInclusiveForEach(${phi})(grid)`

/** A condition on `number`: PromQL and ClickHouse treat it in two ways. Infinities have no numbers between them. */
const oddNumber = (aggregate: GridRequest['aggregate']) =>
  aggregate?.phi === undefined ? 'isNaN(number)' : 'NOT isFinite(number)'

/**
 * A query of SQL for the columns `output`, `bound` if there are any, `grid` and `odd`, which is 1 if a value is NaN: ClickHouse treats those in
 * another way than PromQL.
 * @param rows a query for the columns of `numberRows`
 */
export function gridSql(request: GridRequest, rows: string, outputs: GridOutputs): string {
  const { func, start, end, stepMs, rangeMs, aggregate } = request
  const step = Math.max(1, stepMs)
  const parameters = [start, end, step, rangeMs].map(ms => `fromUnixTimestamp64Milli(toInt64(${ms}))`)
  parameters.splice(2, 2, ...[step, rangeMs].map(ms => `toDecimal64(${ms / 1000}, 3)`))
  // An end is the last sample, and no number. To other functions it is nothing.
  const isSample = func === 'last' ? '1' : 'NOT isNaN(number)'
  const number = func === 'last' ? 'if(ends = 1, nan, number)' : 'number'
  const grid = `${GRID_FUNCTIONS[func]}If(${parameters.join(', ')})(toDateTime64(time, 3), ${number}, ${isSample})`
  const noNaN = func === 'last' ? `arrayMap(x -> if(isNaN(x), NULL, x), ${grid})` : grid
  const bound = boundColumn(outputs)
  const perSeries = `SELECT ${slotOf(outputs)} AS slot${bound}, ${noNaN} AS grid, max(ends = 0 AND ${oddNumber(aggregate)}) AS odd
    FROM (${rows}) GROUP BY slot${bound}`
  const output = transformed('slot', outputs)
  if (aggregate === undefined)
    return `SELECT ${output} AS output${bound}, grid, odd FROM (${perSeries}) WHERE output != ${NOWHERE}`
  return `SELECT ${output} AS output${bound}, ${aggregateSql(aggregate)} AS grid, max(odd) AS odd
    FROM (${perSeries}) WHERE output != ${NOWHERE} GROUP BY output${bound}`
}

/** One more column to select and to group by, behind others. */
export const boundColumn = ({ hasBounds }: GridOutputs) => (hasBounds ? ', bound' : '')

/** The `series_id` that stands for all that are one to PromQL. */
export function slotOf({ sameAs }: GridOutputs): string {
  if (sameAs.size === 0) return 'series_id'
  const arrays = [sameAs.keys(), sameAs.values()].map(ids => arrayText([...ids], 'UInt64'))
  return `transform(series_id, ${arrays.join(', ')}, series_id)`
}
