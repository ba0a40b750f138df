import type { GridFunction, GridRequest } from '../../../core/promql/sample-store.ts'
import { aggregateSql } from './grid-sql.ts'
import { NOWHERE, type NumberedSeries, transformed } from './numbered-series.ts'
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
  /** Of a window, by its number and how many samples it has. */
  readonly value: (number: string, samples: string) => string
}

const SUM = { ofRows: 'sumKahan', ofSeries: 'sum', ofSpans: 'plus', none: '0.' } as const

/** Functions whose value for a window follows from numbers of its spans. */
export const VALUES: Readonly<Partial<Record<GridFunction, WindowValue>>> = {
  sum_over_time: { ...SUM, value: number => number },
  avg_over_time: { ...SUM, value: (number, samples) => `${number} / ${samples}` },
  count_over_time: { ...SUM, value: (_, samples) => samples },
  min_over_time: { ofRows: 'min', ofSeries: 'min', ofSpans: 'least', none: 'inf', value: number => number },
  max_over_time: { ofRows: 'max', ofSeries: 'max', ofSpans: 'greatest', none: '-inf', value: number => number }
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
  readonly slots: NumberedSeries
}

/**
 * A query of SQL for the columns `output`, `grid` and `odd`, which is 1 if a value is not finite. Each series has an array of
 * its spans, into which rows go by their index: groups by series and span would take twice the time.
 * @param sources one, or that of numbers and that of counts @param groupOf slots
 */
export function aggregatedSql(
  request: GridRequest,
  layout: AggregatedWindows,
  sources: readonly SlottedRows[],
  groupOf: Uint32Array
): string {
  const [first, second] = sources.map(source => slotsSql(request, layout, source))
  const slots =
    second === undefined
      ? first
      : `SELECT slot, sums.numbers AS numbers, amounts.counts AS counts, sums.odd_slot OR amounts.odd_slot AS odd_slot
        FROM (${first}) AS sums INNER JOIN (${second}) AS amounts USING (slot)`
  const group = `${arrayText(groupOf, 'UInt32')}[slot + 1]`
  return `SELECT output, ${aggregateSql(request.aggregate!)} AS grid, max(odd_slot) AS odd
    FROM (SELECT ${group} AS output, ${windowsOf(request, layout)} AS grid, odd_slot FROM (${slots})) GROUP BY output`
}

/** Columns `slot`, `numbers` and `counts`, with an item for each span, and `odd_slot`. */
function slotsSql(request: GridRequest, { spans, ...layout }: AggregatedWindows, source: SlottedRows): string {
  const { gives, rows, slots } = source
  const { ofRows, ofSeries, none } = VALUES[request.func]!
  const bySpan = (aggregate: string, of: string) =>
    `${aggregate}Resample(0, ${spans}, 1)(${of}toUInt32(${spanOf(layout)}))`
  const number = bySpan(gives === 'counts' ? 'sumKahan' : ofRows, 'number, ')
  const count = `CAST(${bySpan('count', '')}, 'Array(Float64)') AS own_counts`
  const columns = {
    both: `arrayMap((number, samples) -> if(samples = 0, ${none}, number), ${number}, own_counts) AS own_numbers, ${count}`,
    numbers: `${number} AS own_numbers, [] AS own_counts`,
    counts: `[] AS own_numbers, ${number} AS own_counts`
  }[gives]
  const bySeries = `SELECT series_id, ${columns}, max(NOT isFinite(number)) AS own_odd FROM (${rows}) WHERE ends = 0 GROUP BY series_id`
  const slot = `${transformed('series_id', slots)} AS slot`
  if (new Set(slots.numbers).size === slots.ids.length)
    return `SELECT ${slot}, own_numbers AS numbers, own_counts AS counts, own_odd AS odd_slot FROM (${bySeries}) WHERE slot != ${NOWHERE}`
  return `SELECT ${slot}, ${ofSeries}ForEach(own_numbers) AS numbers, sumForEach(own_counts) AS counts, max(own_odd) AS odd_slot
    FROM (${bySeries}) WHERE slot != ${NOWHERE} GROUP BY slot`
}

/** Values of windows, of the `numbers` and `counts` of spans. */
function windowsOf({ func }: GridRequest, { windows, width }: AggregatedWindows): string {
  const { value, ofSpans } = VALUES[func]!
  const offsets = Array.from({ length: width }, (_, i) => i)
  const names = (of: string) => offsets.map(i => `${of}${i}`)
  const slices = (of: string) => (width === 1 ? [of] : offsets.map(i => `arraySlice(${of}, ${i + 1}, ${windows})`))
  const whole = (join: string, of: string) => names(of).reduce((sum, part) => `${join}(${sum}, ${part})`)
  const result = value(whole(ofSpans, 'number'), whole('plus', 'count'))
  return `arrayMap((${[...names('number'), ...names('count')].join(', ')}) -> if(${whole('plus', 'count')} = 0, NULL, ${result}),
    ${[...slices('numbers'), ...slices('counts')].join(', ')})`
}
