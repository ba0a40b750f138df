import type { TimeShift, VectorSelector } from '../ast.ts'
import type { GridSeries, SelectedSeries } from '../sample-store.ts'
import { unnamedRows } from './merged-rows.ts'
import { shiftedTimes } from './plan.ts'
import type { Query } from './query.ts'
import { CollectedRows, type RowSink } from './row-sink.ts'
import { FLOAT, isPresent, NONE, type Row, setHistogram } from './rows.ts'
import { type Times, timeAt } from './times.ts'

/** Values of an instant selector: at each time the newest sample that is not older than the lookback. */
export async function instantRows(
  query: Query,
  selector: VectorSelector,
  series: readonly SelectedSeries[],
  times: Times,
  sink: RowSink
): Promise<void> {
  await fillRows(query, selector, series, times, sink, setSample)
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
  const collected = new CollectedRows(query, times)
  await fillRows(query, shift, series, times, collected, setTimestamp)
  return collected.rows
}

/** Rows of what the store computed. */
export function gridRows(series: readonly GridSeries[]): Row[] {
  const rows = series.map(
    ({ labels, values, absent }): Row => ({
      labels,
      dropName: false,
      values,
      kinds: kindsOf(values.length, absent),
      histograms: undefined
    })
  )
  return rows.filter(isPresent)
}

type SetCell = (row: Row, index: number, series: SelectedSeries, sample: number) => void

async function fillRows(
  query: Query,
  shift: TimeShift,
  series: readonly SelectedSeries[],
  times: Times,
  sink: RowSink,
  setCell: SetCell
): Promise<void> {
  const seen = shiftedTimes(shift, times, query.settings)
  for (const one of series) {
    if (query.turns.due) await query.turns.next()
    const row = sink.next(one.labels, false)
    const count = fill(row, one, seen, query.options.lookbackMs, setCell)
    query.budget.countRead(count)
    if (count > 0) sink.take(row)
  }
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
