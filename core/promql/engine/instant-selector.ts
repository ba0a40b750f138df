import type { TimeShift, VectorSelector } from '../ast.ts'
import type { GridSeries, SelectedSeries } from '../sample-store.ts'
import { unnamedRows } from './merged-rows.ts'
import { shiftedTimes } from './plan.ts'
import { newRow, type Query } from './query.ts'
import { FLOAT, isPresent, NONE, type Row, setHistogram } from './rows.ts'
import { type Times, timeAt } from './times.ts'

/** Values of an instant selector: at each time the newest sample that is not older than the lookback. */
export async function instantRows(
  query: Query,
  selector: VectorSelector,
  series: readonly SelectedSeries[],
  times: Times
): Promise<Row[]> {
  return rowsOf(query, selector, series, times, setSample)
}

/** Times of these samples, in Unix seconds, in place of their values. */
export async function timestampRows(
  query: Query,
  selector: VectorSelector,
  series: readonly SelectedSeries[],
  times: Times
): Promise<Row[]> {
  return unnamedRows(query, times, await sampleTimeRows(query, selector, series, times))
}

/** Rows with the times of these samples, in Unix seconds, under their own names. */
export async function sampleTimeRows(
  query: Query,
  shift: TimeShift,
  series: readonly SelectedSeries[],
  times: Times
): Promise<Row[]> {
  return rowsOf(query, shift, series, times, setTimestamp)
}

/** Rows of what the store computed. The result of one time, by the modifier `@`, holds for all times. */
export function gridRows(query: Query, series: readonly GridSeries[], gridTimes: Times, times: Times): Row[] {
  const rows = series.map(({ labels, values, absent }): Row => {
    if (gridTimes.count === times.count)
      return { labels, dropName: false, values, kinds: kindsOf(values.length, absent), histograms: undefined }
    const row = newRow(query, times, labels, false)
    row.values.fill(values[0]!)
    row.kinds.fill(absent?.[0] === 1 ? NONE : FLOAT)
    return row
  })
  return rows.filter(isPresent)
}

type SetCell = (row: Row, index: number, series: SelectedSeries, sample: number) => void

async function rowsOf(
  query: Query,
  shift: TimeShift,
  series: readonly SelectedSeries[],
  times: Times,
  setCell: SetCell
): Promise<Row[]> {
  const seen = shiftedTimes(shift, times, query.settings)
  const rows: Row[] = []
  for (const one of series) {
    if (query.turns.due) await query.turns.next()
    const row = newRow(query, times, one.labels, false)
    const count = fill(row, one, seen, query.options.lookbackMs, setCell)
    query.budget.countRead(count)
    if (count > 0) rows.push(row)
  }
  return rows
}

/** Number of cells that were set. */
function fill(row: Row, series: SelectedSeries, seen: Times, lookbackMs: number, setCell: SetCell): number {
  const { times, stale } = series
  let count = 0
  let next = 0
  for (let i = 0; i < row.kinds.length; i++) {
    const time = seen.count === 1 ? seen.start : timeAt(seen, i)
    while (next < times.length && times[next]! <= time) next++
    const sample = next - 1
    if (sample < 0 || times[sample]! <= time - lookbackMs || stale?.[sample] === 1) continue
    setCell(row, i, series, sample)
    count++
  }
  return count
}

function setSample(row: Row, index: number, series: SelectedSeries, sample: number): void {
  const histogram = series.histograms?.[sample]
  if (histogram !== undefined) return setHistogram(row, index, histogram)
  row.kinds[index] = FLOAT
  row.values[index] = series.values[sample]!
}

function setTimestamp(row: Row, index: number, series: SelectedSeries, sample: number): void {
  row.kinds[index] = FLOAT
  row.values[index] = series.times[sample]! / 1000
}

function kindsOf(length: number, absent: Uint8Array | undefined): Uint8Array {
  const kinds = new Uint8Array(length).fill(FLOAT)
  if (absent !== undefined) for (let i = 0; i < length; i++) if (absent[i] === 1) kinds[i] = NONE
  return kinds
}
