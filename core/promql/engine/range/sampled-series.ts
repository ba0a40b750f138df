import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import type { Labels } from '../../labels.ts'
import type { SelectedSeries } from '../../sample-store.ts'
import { FLOAT, HISTOGRAM, NONE, type Row } from '../rows.ts'

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
  if (histograms === undefined && stale === undefined)
    return { labels, dropName: false, times, values, histogramTimes: NO_NUMBERS, histograms: [] }
  const kindAt = (index: number) => {
    if (stale?.[index] === 1) return undefined
    return histograms?.[index] === undefined ? FLOAT : HISTOGRAM
  }
  return split(labels, false, { times, values, histograms, kindAt })
}

/** The result of a subquery: cells of a row become samples. `times` are those of the row, in Unix ms. */
export function sampledRow(row: Row, times: Float64Array): SampledSeries {
  const { labels, dropName, values, kinds } = row
  if (row.histograms === undefined && !kinds.includes(NONE))
    return { labels, dropName, times, values, histogramTimes: NO_NUMBERS, histograms: [] }
  const histograms = row.histograms?.map(histogram => histogram && withoutResetHint(histogram))
  return split(labels, dropName, { times, values, histograms, kindAt: index => kinds[index] })
}

interface Columns {
  readonly times: Float64Array
  readonly values: Float64Array
  readonly histograms: readonly (FloatHistogram | undefined)[] | undefined
  readonly kindAt: (index: number) => number | undefined
}

function split(labels: Labels, dropName: boolean, columns: Columns): SampledSeries {
  const { times, values, histograms, kindAt } = columns
  const ofKind = (kind: number) => indicesOf(times.length, index => kindAt(index) === kind)
  const floats = ofKind(FLOAT)
  const others = histograms === undefined ? [] : ofKind(HISTOGRAM)
  return {
    labels,
    dropName,
    times: Float64Array.from(floats, index => times[index]!),
    values: Float64Array.from(floats, index => values[index]!),
    histogramTimes: Float64Array.from(others, index => times[index]!),
    histograms: others.map(index => histograms![index]!)
  }
}

function indicesOf(length: number, matches: (index: number) => boolean): number[] {
  const indices: number[] = []
  for (let index = 0; index < length; index++) if (matches(index)) indices.push(index)
  return indices
}

/** A subquery may leave samples out, or repeat them: what is known about their neighbors holds no more. */
function withoutResetHint(histogram: FloatHistogram): FloatHistogram {
  if (histogram.counterReset === 'gauge' || histogram.counterReset === 'unknown') return histogram
  return { ...histogram, counterReset: 'unknown' }
}
