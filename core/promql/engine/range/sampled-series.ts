import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import type { Labels } from '../../labels.ts'
import type { SelectedSeries } from '../../sample-store.ts'
import { FLOAT, gathered, HISTOGRAM, NONE, type Row } from '../rows.ts'

const NO_NUMBERS = new Float64Array()

/** Samples of a series for range functions: floats and histograms apart, each by rising times, without stale markers. */
export interface SampledSeries {
  readonly labels: Labels
  readonly dropName: boolean
  /** Unix ms. */
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histogramTimes: Float64Array
  readonly histograms: readonly FloatHistogram[]
}

export function sampledSeries(series: SelectedSeries): SampledSeries {
  const { labels, times, values, histograms, stale } = series
  if (histograms === undefined && stale === undefined) return onlyFloats(labels, false, times, values)
  const kinds = Uint8Array.from(times, (_, index) => {
    if (stale?.[index] === 1) return NONE
    return histograms?.[index] === undefined ? FLOAT : HISTOGRAM
  })
  return separated({ labels, dropName: false, values, kinds, histograms: histograms?.slice() }, times)
}

/** The result of a subquery: cells of a row become samples. `times` are those of the row, in Unix ms. */
export function sampledRow(row: Row, times: Float64Array): SampledSeries {
  const { labels, dropName, values, kinds, histograms } = row
  if (histograms === undefined && !kinds.includes(NONE)) return onlyFloats(labels, dropName, times, values)
  return separated({ ...row, histograms: histograms?.map(each => each && withoutResetHint(each)) }, times)
}

function onlyFloats(labels: Labels, dropName: boolean, times: Float64Array, values: Float64Array): SampledSeries {
  return { labels, dropName, times, values, histogramTimes: NO_NUMBERS, histograms: [] }
}

function separated({ labels, dropName, values, kinds, histograms }: Row, times: Float64Array): SampledSeries {
  const floats = cellsOf(kinds, FLOAT)
  const others = cellsOf(kinds, HISTOGRAM)
  return {
    labels,
    dropName,
    times: gathered(times, floats),
    values: gathered(values, floats),
    histogramTimes: gathered(times, others),
    histograms: Array.from(others, index => histograms![index]!)
  }
}

/** Indices of the cells of a kind. */
function cellsOf(kinds: Uint8Array, kind: number): Uint32Array {
  const cells = new Uint32Array(kinds.length)
  let count = 0
  for (let i = 0; i < kinds.length; i++) if (kinds[i] === kind) cells[count++] = i
  return cells.subarray(0, count)
}

/** A subquery may leave samples out, or repeat them: what is known about their neighbors holds no more. */
function withoutResetHint(histogram: FloatHistogram): FloatHistogram {
  if (histogram.counterReset === 'gauge' || histogram.counterReset === 'unknown') return histogram
  return { ...histogram, counterReset: 'unknown' }
}
