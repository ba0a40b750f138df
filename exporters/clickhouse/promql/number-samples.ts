import { TooMuchError } from '../../../core/promql/query-error.ts'
import type { QueryLimits } from '../../../core/promql/sample-store.ts'
import type { Form } from './forms.ts'
import { asNumbers, type ListColumn, type NativeColumns } from './native-reader.ts'
import type { SampleParts } from './sample-parts.ts'
import { type RowRange, rowsOf, type Tables } from './sample-sources.ts'
import type { FoundSeries } from './series-index.ts'
import type { Statements } from './statements.ts'

/** Forms whose samples are one number each. */
export type NumberForm = Extract<Form, 'value' | 'sum' | 'count'>

export const isNumberForm = (form: Form): form is NumberForm => form === 'value' || form === 'sum' || form === 'count'

export interface NumberRequest extends RowRange, Tables {
  readonly form: NumberForm
  /** True if points of these series may have distributions. */
  readonly hasDistributions: boolean
  readonly limits: QueryLimits
}

/** Reads samples of `series`, all of one form, and adds them to `parts`. Returns their number. */
export async function readNumbers(
  statements: Statements,
  request: NumberRequest,
  series: readonly FoundSeries[],
  parts: SampleParts,
  signal: AbortSignal
): Promise<number> {
  const byId = new Map(series.map(one => [one.id, one]))
  const { maxSamples } = request.limits
  const rows = `SELECT * FROM (${numberRows(request)}) LIMIT ${maxSamples + 1}`
  // Of a column stored as sparse, `groupArray` puts zeros last if all rows are of one series: others would not match it.
  const blocks = await statements.ask(
    `SELECT series_id, groupArray(toFloat64(toUnixTimestamp64Micro(time))) AS micros, groupArray(materialize(number)) AS numbers,
       if(max(ends) = 1, groupArray(materialize(ends)), []) AS ends FROM (${rows}) GROUP BY series_id`,
    signal
  )
  let samples = 0
  for (const block of blocks) {
    samples += block.list('micros').ends.at(-1)!
    checkSamples(samples, request.limits)
    addRows(block, byId, parts)
  }
  return samples
}

/** Throws a `QueryError` if a query has more samples than it may. */
export function checkSamples(samples: number, { maxSamples }: QueryLimits): void {
  if (samples > maxSamples)
    throw new TooMuchError(
      `a selector of the query loads more than ${maxSamples} samples (max_samples): narrow it by labels, or ask for a shorter range`
    )
}

/**
 * A query of SQL for the columns `series_id`, `time`, `number` and `ends`, which is 1 for a stale marker. Numbers of
 * points with a distribution, and the ends of their series, may be in either table.
 */
export function numberRows(request: NumberRequest): string {
  const { form } = request
  const columns = (number: string) => `series_id, time, ${number} AS number, bitAnd(flags, 1) AS ends`
  const numbers = rowsOf('samples', columns('value'), request, form === 'value' ? '1' : 'bitAnd(flags, 1) = 1')
  if (!request.hasDistributions) return numbers
  // An unknown sum is no sample.
  const known = form === 'sum' ? '(NOT isNaN(value) OR bitAnd(flags, 1) = 1)' : '1'
  const points = rowsOf('distributions', columns(form === 'count' ? 'count' : 'value'), request, known)
  return `SELECT * FROM (${numbers} UNION ALL ${points})`
}

function addRows(block: NativeColumns, byId: ReadonlyMap<bigint, FoundSeries>, parts: SampleParts): void {
  const ids = block.ids('series_id')
  const micros = sliced(block.list('micros'))
  const numbers = sliced(block.list('numbers'))
  const ends = sliced(block.list('ends'))
  for (let row = 0; row < block.rows; row++) {
    const series = byId.get(ids[row])
    if (series === undefined) continue
    const stale = ends(row)
    const part = {
      micros: micros(row) as Float64Array,
      values: numbers(row) as Float64Array,
      stale: stale.length === 0 ? undefined : (stale as Uint8Array),
      histograms: undefined
    }
    parts.add(series.labels, part, series.metric.reading)
  }
}

/** The items of each row. */
function sliced({ ends, items }: ListColumn) {
  const all = asNumbers(items)
  return (row: number) => all.subarray(row === 0 ? 0 : ends[row - 1], ends[row])
}
