import type { GridRequest, GridSeries } from '../../../core/promql/sample-store.ts'
import type { GridOutputs } from './grid-outputs.ts'
import type { RowRange } from './sample-sources.ts'
import { newValues, type SpanValues, spanAdder, windowsOf } from './span-values.ts'
import type { Statements } from './statements.ts'
import { type Spans, seriesWindowSql } from './window-sql.ts'

/** Rows of one statement, some 100 bytes each in ClickHouse. */
const ROWS_AT_A_TIME = 2_500_000
/** Beyond it groups by series and span take less memory, and not more time. */
const MOST_STATEMENTS = 12

/** A query of SQL for rows: all of them, or those of a part of the series. */
export type RowsOf = (part?: RowRange['part']) => string

/**
 * Windows of each series, as `windowGrid` has them. Undefined if a value is NaN.
 * @param rows for the columns of `numberRows`
 */
export async function seriesWindows(
  statements: Statements,
  request: GridRequest,
  spans: Spans,
  { labels, ids: series, numbers }: GridOutputs,
  rows: RowsOf,
  signal: AbortSignal
): Promise<GridSeries[] | undefined | 'too many'> {
  const [count] = await statements.ask(`SELECT toFloat64(count()) AS total FROM (${rows()})`, signal)
  const parts = Math.max(1, Math.ceil(count.numbers('total')[0] / ROWS_AT_A_TIME))
  if (parts > MOST_STATEMENTS) return 'too many'
  const outputOf = new Map(series.map((id, i) => [id, numbers[i]]))
  // Several stored series may be one output.
  const byOutput = new Map<number, SpanValues>()
  for (let index = 0; index < parts; index++) {
    const sql = seriesWindowSql(request, spans, rows({ index, of: parts }))
    for (const block of await statements.ask(sql, signal)) {
      if (block.numbers('odd').includes(1)) return undefined
      const ids = block.ids('series_id')
      const addTo = spanAdder(block, request)
      for (let row = 0; row < block.rows; row++) {
        const output = outputOf.get(ids[row])
        if (output === undefined) continue
        const values = byOutput.get(output) ?? newValues(request, spans)
        byOutput.set(output, values)
        addTo(values, row)
      }
    }
  }
  return Array.from(byOutput, ([output, ofSpans]) => {
    const { values, absent } = windowsOf(ofSpans, request, spans)
    return { labels: labels[output], values, absent }
  })
}
