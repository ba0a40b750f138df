import type { ReadSamples } from './cached-series.ts'
import { asNumbers, type ListColumn, type NativeColumns } from './native-reader.ts'
import { inOrder, risingOrder } from './rising-order.ts'
import { type RowRange, rowsOf, type Tables } from './sample-sources.ts'

/** Longest range of times that are read at once, as their distances are UInt32: 49 days. */
export const MOST_MS = 2 ** 32 - 1

/** A query of SQL for the columns that {@link columnsIn} reads. A limit would have all rows pass through one thread. */
export function cachedRowsSql(range: RowRange & Tables): string {
  const sinceMs = `toUInt32(toUnixTimestamp64Milli(time) - ${range.after})`
  const rows = rowsOf('samples', `series_id, ${sinceMs} AS since, value, bitAnd(flags, 1) AS ends`, range)
  return `SELECT series_id, groupArray(since) AS times, groupArray(materialize(value)) AS numbers,
      if(max(ends) = 1, groupArray(materialize(ends)), []) AS stale
    FROM (${rows}) GROUP BY series_id`
}

/** A query of SQL for the column `samples`: how many there are, up to one more than `most`. */
export function countSql(range: RowRange & Tables, most: number): string {
  return `SELECT toFloat64(count()) AS samples FROM (SELECT 1 FROM (${rowsOf('samples', 'series_id', range)}) LIMIT ${most + 1})`
}

/** The samples of each series, by rising times. Undefined for one with two samples in one ms, of which nobody knows the last. */
export function* columnsIn(
  block: NativeColumns,
  after: number
): Generator<readonly [id: bigint, samples: ReadSamples | undefined]> {
  const ids = block.ids('series_id')
  const [since, numbers, stale] = ['times', 'numbers', 'stale'].map(name => sliced(block.list(name)))
  for (let row = 0; row < block.rows; row++) {
    const ends = stale(row)
    const samples: ReadSamples = {
      after,
      since: since(row) as Uint32Array,
      values: numbers(row) as Float64Array,
      stale: ends.length === 0 ? undefined : (ends as Uint8Array)
    }
    yield [ids[row], isRising(samples.since) ? samples : sorted(samples)]
  }
}

function sliced({ ends, items }: ListColumn) {
  const all = asNumbers(items)
  return (row: number) => all.subarray(row === 0 ? 0 : ends[row - 1], ends[row])
}

function isRising(times: Uint32Array): boolean {
  for (let i = 1; i < times.length; i++) if (times[i] <= times[i - 1]) return false
  return true
}

/** Rows of several parts come in any order. */
function sorted({ after, since, values, stale }: ReadSamples): ReadSamples | undefined {
  const order = risingOrder(Float64Array.from(since))
  const rising = Uint32Array.from(order, i => since[i])
  if (!isRising(rising)) return undefined
  return { after, since: rising, values: inOrder(values, order), stale: stale && Uint8Array.from(order, i => stale[i]) }
}
