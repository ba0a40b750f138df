import type { AggregationOp } from '../../../core/promql/ast.ts'
import type { GridFunction, GridRequest } from '../../../core/promql/sample-store.ts'
import type { GridOutputs } from './grid-outputs.ts'
import { boundColumn, NOWHERE, slotOf, transformed } from './grid-sql.ts'
import type { Fold } from './sliding.ts'

// The exact sum of infinities is NaN.
const SUM = 'if(isFinite(sumKahan(number)), sumKahan(number), sum(number))'

/** How values of several samples become one, and the aggregation that does the same to values of several series. */
interface WindowFunction {
  readonly value: string
  readonly fold: Fold
  readonly like: AggregationOp | undefined
}

/** Functions whose value for a window follows from those for the spans that it consists of. */
export const WINDOW_FUNCTIONS: Readonly<Partial<Record<GridFunction, WindowFunction>>> = {
  sum_over_time: { value: SUM, fold: 'sum', like: 'sum' },
  avg_over_time: { value: SUM, fold: 'sum', like: undefined },
  count_over_time: { value: '0.', fold: 'sum', like: 'sum' },
  present_over_time: { value: '0.', fold: 'sum', like: undefined },
  min_over_time: { value: 'min(number)', fold: 'min', like: 'min' },
  max_over_time: { value: 'max(number)', fold: 'max', like: 'max' }
}

/** Time in spans: each window is some of them, one after the other. */
export interface Spans {
  /** Where the first one begins, in Unix ms. A span has its end, and not its beginning. */
  readonly origin: number
  readonly lengthMs: number
  readonly count: number
}

/**
 * A query of SQL for the columns `output`, `bound` if there are any, `spans`, `numbers`, `samples` and `odd`, which is 1 if a value is NaN.
 * @param rows a query for the columns of `numberRows`
 */
export function windowSql(
  { func, aggregate }: GridRequest,
  { origin, lengthMs }: Spans,
  rows: string,
  outputs: GridOutputs
): string {
  const output = transformed(aggregate === undefined ? slotOf(outputs) : 'series_id', outputs.outputOf)
  const bound = boundColumn(outputs)
  return `SELECT output${bound}, groupArray(span) AS spans, groupArray(number_of_span) AS numbers,
      groupArray(samples_of_span) AS samples, max(odd_span) AS odd
    FROM (
      SELECT ${output} AS output${bound}, toUInt32(intDiv(toUnixTimestamp64Milli(time) - ${origin + 1}, ${lengthMs})) AS span,
        ${WINDOW_FUNCTIONS[func]!.value} AS number_of_span, toFloat64(count()) AS samples_of_span, max(isNaN(number)) AS odd_span
      FROM (${rows}) WHERE ends = 0 AND output != ${NOWHERE} GROUP BY output, span${bound}
    ) GROUP BY output${bound}`
}
