import type { GridFunction, GridRequest } from '../../../core/promql/sample-store.ts'
import { aggregateSql, NOWHERE, transformed } from './grid-sql.ts'
import { arrayText } from './sql-text.ts'
import { spanOf } from './window-sql.ts'

/** How the samples of a span become a number, those of several spans one, and this the value of a window. */
interface WindowValue {
  /** Over rows. */
  readonly ofRows: 'sumKahan' | 'min' | 'max'
  /** Over numbers of the same span, of several stored series. */
  readonly ofSeries: 'sum' | 'min' | 'max'
  /** Over numbers of spans side by side. */
  readonly ofSpans: 'plus' | 'least' | 'greatest'
  /** The number of a span without samples. */
  readonly none: string
  /** Of a window with `number` and `samples`. */
  readonly value: string
}

const SUM = { ofRows: 'sumKahan', ofSeries: 'sum', ofSpans: 'plus', none: '0.' } as const

/** Functions whose value for a window follows from numbers of its spans. */
export const VALUES: Readonly<Partial<Record<GridFunction, WindowValue>>> = {
  sum_over_time: { ...SUM, value: 'number' },
  avg_over_time: { ...SUM, value: 'number / samples' },
  count_over_time: { ...SUM, value: 'samples' },
  min_over_time: { ofRows: 'min', ofSeries: 'min', ofSpans: 'least', none: 'inf', value: 'number' },
  max_over_time: { ofRows: 'max', ofSeries: 'max', ofSpans: 'greatest', none: '-inf', value: 'number' }
}

/** Windows side by side, or each a step after the one before, and then of `width` spans of a step each. */
export interface AggregatedWindows {
  /** Unix ms: the first window begins behind it. */
  readonly origin: number
  readonly lengthMs: number
  readonly windows: number
  readonly width: number
  readonly spans: number
}

/** Rows whose series are known by numbers, their slots. */
export interface SlottedRows {
  /** Values give numbers and are counted, or give one of both. */
  readonly gives: 'both' | 'numbers' | 'counts'
  /** A query of SQL for the columns of `numberRows`, none of which is between windows. */
  readonly rows: string
  readonly slotOf: ReadonlyMap<bigint, number>
}

/**
 * A query of SQL for the columns `output`, `grid` and `odd`, which is 1 if a value is not finite. Each series has an array of
 * its spans, into which rows go by their index: groups by series and span would take twice the time.
 * @param groupOf slots
 */
export function aggregatedSql(
  request: GridRequest,
  layout: AggregatedWindows,
  sources: readonly SlottedRows[],
  groupOf: Uint32Array
): string {
  const { value, ofSeries } = VALUES[request.func]!
  const spans = sources.map(source => spansSql(request, layout, source)).join(' UNION ALL ')
  // A series that has only numbers, or only counts, has no value.
  const bySlot = `SELECT slot, arrayResize(${ofSeries}ForEach(numbers), ${layout.spans}, nan) AS all_numbers,
      arrayResize(sumForEach(counts), ${layout.spans}) AS all_counts, max(odd_series) AS odd_slot
    FROM (${spans}) WHERE slot != ${NOWHERE} GROUP BY slot`
  const [numbers, counts] = [windowsOf('all_numbers', layout, request), windowsOf('all_counts', layout)]
  const grid = `arrayMap((number, samples) -> if(samples = 0, NULL, ${value}), ${numbers}, ${counts})`
  const group = `${arrayText(groupOf, 'UInt32')}[slot + 1]`
  return `SELECT output, ${aggregateSql(request.aggregate!)} AS grid, max(odd_slot) AS odd
    FROM (SELECT ${group} AS output, ${grid} AS grid, odd_slot FROM (${bySlot})) GROUP BY output`
}

/** Columns `slot`, `numbers` and `counts`, with an item for each span. */
function spansSql({ func }: GridRequest, layout: AggregatedWindows, { gives, rows, slotOf }: SlottedRows): string {
  const { spans } = layout
  const { ofRows, none } = VALUES[func]!
  const span = `toUInt32(${spanOf(layout)})`
  const bySpan = (aggregate: string, of: string) => `${aggregate}Resample(0, ${spans}, 1)(${of}${span})`
  const number = bySpan(gives === 'counts' ? 'sumKahan' : ofRows, 'number, ')
  const known = `arrayMap((number, samples) -> if(samples = 0, ${none}, number), ${number}, ${bySpan('count', '')})`
  const columns = {
    both: `${known} AS numbers, CAST(${bySpan('count', '')}, 'Array(Float64)') AS counts`,
    numbers: `${number} AS numbers, CAST([], 'Array(Float64)') AS counts`,
    counts: `CAST([], 'Array(Float64)') AS numbers, ${number} AS counts`
  }[gives]
  return `SELECT ${transformed('series_id', slotOf)} AS slot, numbers, counts, odd_series
    FROM (SELECT series_id, ${columns}, max(NOT isFinite(number)) AS odd_series FROM (${rows}) WHERE ends = 0 GROUP BY series_id)`
}

/** Numbers of windows, of those of spans. */
function windowsOf(spans: string, { windows, width }: AggregatedWindows, request?: GridRequest): string {
  if (width === 1) return spans
  const names = Array.from({ length: width }, (_, i) => `part${i}`)
  const join = request === undefined ? 'plus' : VALUES[request.func]!.ofSpans
  const joined = names.reduce((whole, part) => `${join}(${whole}, ${part})`)
  const slices = names.map((_, i) => `arraySlice(${spans}, ${i + 1}, ${windows})`)
  return `arrayMap((${names.join(', ')}) -> ${joined}, ${slices.join(', ')})`
}
