import type { FloatHistogram } from '../histogram/float-histogram.ts'
import { Labels } from '../labels.ts'
import { QueryError } from '../query-error.ts'
import { type Extension, edgesOf } from './range/extended/edges.ts'
import { floatBounds, indicesInside } from './range/extended/rate.ts'
import type { SampledSeries } from './range/sampled-series.ts'
import { Window } from './range/window.ts'
import type { RangeVector } from './range-rows.ts'
import { gathered, NONE, presentCells, type Row } from './rows.ts'
import { allTimes, lastTime, type Times } from './times.ts'
import type { Value } from './value.ts'

/** Samples of one series by rising times. */
export interface ResultSeries {
  readonly labels: Labels
  /** Unix ms. */
  readonly times: Float64Array
  /** Undefined entries of `histograms` have their value here. */
  readonly values: Float64Array
  readonly histograms: readonly (FloatHistogram | undefined)[] | undefined
}

export interface VectorSample {
  readonly labels: Labels
  readonly value: number
  /** Then the value means nothing. */
  readonly histogram: FloatHistogram | undefined
}

/** Instant queries have a value of the expression's type; range queries are a matrix. Times are in Unix ms. */
export type ResultValue =
  | { readonly type: 'scalar'; readonly time: number; readonly value: number }
  | { readonly type: 'string'; readonly time: number; readonly value: string }
  /** In the order of `sort`, `topk` and their like, if the query has one. */
  | { readonly type: 'vector'; readonly time: number; readonly samples: readonly VectorSample[] }
  /** By their labels. */
  | { readonly type: 'matrix'; readonly series: readonly ResultSeries[] }

/** The value of an instant query. */
export function instantResult(value: Value, times: Times): ResultValue {
  const time = times.start
  if (value.type === 'string') return { type: 'string', time, value: value.value }
  if (value.type === 'scalar') return { type: 'scalar', time, value: value.values[0]! }
  const samples = value.rows.map(({ labels, values, histograms }) => ({
    labels,
    value: values[0]!,
    histogram: histograms?.[0]
  }))
  return { type: 'vector', time, samples }
}

/** The value of a range query. A scalar is a series without labels. */
export function matrixResult(value: Value, times: Times): ResultValue {
  if (value.type === 'string') throw new TypeError('a range query of a string')
  const steps = allTimes(times)
  if (value.type === 'scalar')
    return matrixOf([{ labels: Labels.NONE, times: steps, values: value.values, histograms: undefined }])
  return matrixOf(value.rows.map(row => rowSeries(row, steps)))
}

/** The samples of a range selector or subquery, in an instant query. */
export function rangeResult(vector: RangeVector, extension: Extension | undefined): ResultValue {
  const series: ResultSeries[] = []
  for (const one of vector.series) {
    const window = new Window(one, vector.rangeMs, vector.margins)
    window.moveTo(lastTime(vector.until))
    if (window.floatCount + window.histogramCount === 0) continue
    const samples = extension === undefined ? windowSeries(one, window) : extendedSeries(window, extension)
    if (samples !== undefined) series.push(samples)
  }
  return matrixOf(series)
}

function matrixOf(series: ResultSeries[]): ResultValue {
  return { type: 'matrix', series: series.sort((a, b) => a.labels.compare(b.labels)) }
}

function rowSeries({ labels, kinds, values, histograms }: Row, times: Float64Array): ResultSeries {
  if (!kinds.includes(NONE)) return { labels, times, values, histograms }
  const present = presentCells(kinds)
  const ownHistograms = histograms && Array.from(present, index => histograms[index])
  return { labels, times: gathered(times, present), values: gathered(values, present), histograms: ownHistograms }
}

function windowSeries(
  { labels, times, values, histogramTimes, histograms }: SampledSeries,
  window: Window
): ResultSeries {
  const floats = times.subarray(window.first, window.end)
  if (window.histogramCount === 0)
    return { labels, times: floats, values: values.subarray(window.first, window.end), histograms: undefined }
  const samples = [
    ...Array.from(floats, (time, index) => ({ time, value: values[window.first + index]!, histogram: undefined })),
    ...histograms
      .slice(window.firstHistogram, window.endHistogram)
      .map((histogram, index) => ({ time: histogramTimes[window.firstHistogram + index]!, value: 0, histogram }))
  ].sort((a, b) => a.time - b.time)
  return {
    labels,
    times: Float64Array.from(samples, ({ time }) => time),
    values: Float64Array.from(samples, ({ value }) => value),
    histograms: samples.map(({ histogram }) => histogram)
  }
}

/** With values at both bounds. Undefined if the range has no sample. */
function extendedSeries(window: Window, extension: Extension): ResultSeries | undefined {
  const { labels, times, values } = window.series
  if (window.histogramCount > 0)
    throw new QueryError('execution', `${extension} modifier is not supported with histograms`)
  const edges = edgesOf(window, times, window.first, window.end, extension)
  if (edges === undefined) return undefined
  const { left, right } = floatBounds(window, edges, extension, false)
  const inside = indicesInside(window, edges)
  return {
    labels,
    times: Float64Array.from([window.until - window.rangeMs, ...inside.map(index => times[index]!), window.until]),
    values: Float64Array.from([left, ...inside.map(index => values[index]!), right]),
    histograms: undefined
  }
}
