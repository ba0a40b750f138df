import type { AggregationOp } from '../../../core/promql/ast.ts'
import { METRIC_NAME } from '../../../core/promql/labels.ts'
import type { GridFunction, GridRequest } from '../../../core/promql/sample-store.ts'
import type { GridOutputs } from './grid-outputs.ts'
import { boundColumn, slotOf } from './grid-sql.ts'
import { NOWHERE, transformed } from './numbered-series.ts'
import type { Fold } from './sliding.ts'

// The exact sum of infinities is NaN.
const SUM = 'if(isFinite(sumKahan(number)), sumKahan(number), sum(number))'
const ARRAY_SUM = "if(isFinite(arrayReduce('sumKahan', part)), arrayReduce('sumKahan', part), arraySum(part))"

/** In a millisecond. */
const MICROSECONDS = 1000

/** How values of several samples become one, and the aggregation that does the same to values of several series. */
interface WindowFunction {
  /** Over rows. */
  readonly value: string
  /** Over an array `part`. */
  readonly ofArray: string
  /** True if numbers of samples are needed, and not only whether there are any. */
  readonly isOfCounts: boolean
  readonly fold: Fold
  readonly like: AggregationOp | undefined
}

/** Functions whose value for a window follows from those for the spans that it consists of. */
export const WINDOW_FUNCTIONS: Readonly<Partial<Record<GridFunction, WindowFunction>>> = {
  sum_over_time: { value: SUM, ofArray: ARRAY_SUM, isOfCounts: false, fold: 'sum', like: 'sum' },
  avg_over_time: { value: SUM, ofArray: ARRAY_SUM, isOfCounts: true, fold: 'sum', like: undefined },
  count_over_time: { value: '0.', ofArray: '0.', isOfCounts: true, fold: 'sum', like: 'sum' },
  present_over_time: { value: '0.', ofArray: '0.', isOfCounts: false, fold: 'sum', like: undefined },
  min_over_time: { value: 'min(number)', ofArray: 'arrayMin(part)', isOfCounts: false, fold: 'min', like: 'min' },
  max_over_time: { value: 'max(number)', ofArray: 'arrayMax(part)', isOfCounts: false, fold: 'max', like: 'max' }
}

/** Time in spans: each window is some of them, one after the other. */
export interface Spans {
  /** Where the first one begins, in Unix ms. A span has its end, and not its beginning. */
  readonly origin: number
  readonly lengthMs: number
  readonly count: number
}

/**
 * A query of SQL for the columns `series_id`, `spans`, `numbers`, `samples` and `odd`, which is 1 if a value is NaN: values of each
 * series. A span may come several times, if its rows are in several parts. Series have few keys, and rows come by them, so this
 * is much faster than groups by series and span.
 * @param rows a query for the columns of `numberRows`
 */
export function seriesWindowSql({ func }: GridRequest, spans: Spans, rows: string): string {
  const { ofArray, isOfCounts } = WINDOW_FUNCTIONS[func]!
  const samples = isOfCounts ? 'arrayMap(part -> toFloat64(length(part)), parts)' : "CAST([], 'Array(Float64)')"
  return `SELECT series_id, arrayMap(part -> ${ofArray}, parts) AS numbers, ${samples} AS samples, odd,
      arrayFilter((span, change, i) -> i = 1 OR change != 0, all_spans, changes, arrayEnumerate(all_spans)) AS spans
    FROM (
      SELECT *, arrayDifference(all_spans) AS changes, arraySplit((number, change) -> change != 0, all_numbers, changes) AS parts
      FROM (
        SELECT series_id, groupArray(materialize(number)) AS all_numbers, max(isNaN(number)) AS odd,
          groupArray(toUInt16(${spanOf(spans)})) AS all_spans
        FROM (${rows}) WHERE ends = 0 GROUP BY series_id
      )
    )`
}

/**
 * A query of SQL for the columns `output`, `bound` if there are any, `spans`, `numbers`, `samples` and `odd`, which is 1 if a value is NaN.
 * @param rows a query for the columns of `numberRows`
 */
export function windowSql(request: GridRequest, spans: Spans, rows: string, outputs: GridOutputs): string {
  const { func, aggregate } = request
  const column = aggregate === undefined ? slotOf(outputs) : 'series_id'
  // A look-up for each row would take a third of the time.
  const output = isOfAll(request) ? 'toUInt32(0)' : transformed(column, outputs)
  const bound = boundColumn(outputs)
  return `SELECT output${bound}, groupArray(span) AS spans, groupArray(number_of_span) AS numbers,
      groupArray(samples_of_span) AS samples, max(odd_span) AS odd
    FROM (
      SELECT ${output} AS output${bound}, toUInt32(${spanOf(spans)}) AS span,
        ${WINDOW_FUNCTIONS[func]!.value} AS number_of_span, toFloat64(count()) AS samples_of_span, max(isNaN(number)) AS odd_span
      FROM (${rows}) WHERE ends = 0 AND output != ${NOWHERE} GROUP BY output, span${bound}
    ) GROUP BY output${bound}`
}

/** True if all series of the metric are one output, also those that come by now. */
const isOfAll = ({ aggregate, matchers }: GridRequest) =>
  aggregate?.grouping.length === 0 && !aggregate.without && matchers.every(({ name }) => name === METRIC_NAME)

/** The number of a row's span. Of µs, since it takes time to make ms of them. */
export function spanOf({ origin, lengthMs }: Pick<Spans, 'origin' | 'lengthMs'>): string {
  return `intDiv(toUnixTimestamp64Micro(time) - ${(origin + 1) * MICROSECONDS}, ${lengthMs * MICROSECONDS})`
}
