import type { GridOutputs } from './grid-outputs.ts'
import { slotOf } from './grid-sql.ts'
import { NOWHERE, transformed } from './numbered-series.ts'
import { type RowRange, rowsOf, type Tables } from './sample-sources.ts'
import type { Spans } from './window-sql.ts'

/** Columns of a union, made of the sets of several rows, or of the last one. */
const UNION =
  'maxMap(registers) AS set_registers, groupUniqArrayArray(members) AS set_members, any(number) AS set_number, toFloat64(count()) AS sets'
const LAST =
  'argMax(registers, time) AS set_registers, argMax(members, time) AS set_members, argMax(number, time) AS set_number, toFloat64(1) AS sets'

/** A query of SQL for the columns `series_id`, `time`, `registers`, `members` and `number`: a row for each set. */
export function setRows(range: RowRange & Tables): string {
  const columns = 'series_id, time, registers, members, value AS number'
  return rowsOf('distributions', columns, range, 'bitAnd(flags, 1) = 0')
}

/**
 * A query of SQL for the columns `output`, `slot`, `span`, `set_registers`, `set_members`, `set_number` and `sets`: the union
 * of the sets of each output in each span; or with `isLast` the last set of each series there, which `slot` tells apart.
 * @param rows a query for the columns of {@link setRows}
 */
export function unionSql(rows: string, { origin, lengthMs }: Spans, outputs: GridOutputs, isLast: boolean): string {
  const slot = isLast ? slotOf(outputs) : 'toUInt64(0)'
  const inSpans = `SELECT ${transformed('series_id', outputs)} AS output, ${slot} AS slot,
      toUInt32(intDiv(toUnixTimestamp64Milli(time) - ${origin + 1}, ${lengthMs})) AS span, time, registers, members, number
    FROM (${rows}) WHERE output != ${NOWHERE}`
  return `SELECT output, slot, span, ${isLast ? LAST : UNION} FROM (${inSpans})
    GROUP BY output, slot, span ORDER BY output, slot, span`
}
