import type { VectorSelector } from '../ast.ts'
import { hasCustomBounds } from '../histogram/bounds.ts'
import { METRIC_NAME } from '../labels.ts'
import type { SelectedSeries } from '../sample-store.ts'
import { rowHistogramSamples } from './histogram-samples.ts'
import { shiftedTimes } from './plan.ts'
import { newRow, type Query } from './query.ts'
import { floatBetween, histogramBetween } from './range/extended/interpolation.ts'
import { type SampledSeries, sampledSeries } from './range/sampled-series.ts'
import { Window } from './range/window.ts'
import { FLOAT, isPresent, type Row, setHistogram } from './rows.ts'
import { type Times, timeAt } from './times.ts'

/** Values of an instant selector with the modifier `smoothed`: interpolated between the samples around each time. */
export async function smoothedRows(
  query: Query,
  selector: VectorSelector,
  series: readonly SelectedSeries[],
  times: Times
): Promise<Row[]> {
  const seen = shiftedTimes(selector, times, query.settings)
  const rows: Row[] = []
  for (const one of series) {
    if (query.turns.due) await query.turns.next()
    const row = newRow(query, times, one.labels, false)
    fill(query, selector, sampledSeries(one), seen, row)
    query.budget.take(rowHistogramSamples(row))
    if (isPresent(row)) rows.push(row)
  }
  return rows
}

function fill(query: Query, selector: VectorSelector, series: SampledSeries, seen: Times, row: Row): void {
  const { lookbackMs } = query.options
  const window = new Window(series, lookbackMs, { beforeMs: 0, afterMs: lookbackMs })
  for (let step = 0; step < row.kinds.length; step++) {
    window.moveTo(timeAt(seen, step))
    query.budget.countRead(window.floatCount + window.histogramCount)
    if (window.floatCount > 0 && window.histogramCount > 0)
      query.remarks.mixed(selector.span, series.labels.get(METRIC_NAME))
    else if (window.floatCount > 0) setFloat(window, row, step)
    else if (window.histogramCount > 0) setSmoothedHistogram(query, selector, window, row, step)
  }
}

/** Index of the newest sample that is not after `time`; undefined if there is none. */
function before(times: Float64Array, first: number, end: number, time: number): number | undefined {
  let index = first
  while (index < end && times[index]! <= time) index++
  return index === first ? undefined : index - 1
}

function setFloat(window: Window, row: Row, step: number): void {
  const { times, values } = window.series
  const time = window.until
  const index = before(times, window.first, window.end, time)
  if (index === undefined) return
  const isLast = index + 1 === window.end
  row.kinds[step] = FLOAT
  row.values[step] = isLast ? values[index]! : floatBetween(times, values, { index, time, isCounter: false })
}

function setSmoothedHistogram(query: Query, selector: VectorSelector, window: Window, row: Row, step: number): void {
  const { histogramTimes: times, histograms, labels } = window.series
  const time = window.until
  const index = before(times, window.firstHistogram, window.endHistogram, time)
  if (index === undefined) return
  const histogram = histograms[index]!
  if (times[index] === time) return setHistogram(row, step, histogram)
  // The mark says how the histogram follows the one before, and nothing of its value.
  if (index + 1 === window.endHistogram) return setHistogram(row, step, { ...histogram, counterReset: 'unknown' })
  const isCounter = histogram.counterReset !== 'gauge' || histograms[index + 1]!.counterReset !== 'gauge'
  const fits = hasCustomBounds(histogram) === hasCustomBounds(histograms[index + 1]!)
  const between = fits
    ? histogramBetween(times, histograms, { index, time, isCounter }, query.remarks, selector.span)
    : undefined
  if (between === undefined) query.remarks.mixedSchemas(selector.span, labels.get(METRIC_NAME))
  else setHistogram(row, step, between)
}
