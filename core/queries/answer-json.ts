import type { ResultSeries, ResultValue, VectorSample } from '../promql/engine/evaluate.ts'
import type { FloatHistogram } from '../promql/histogram/float-histogram.ts'
import { histogramJson } from '../promql/histogram/text.ts'

/** A result as `data` of the Prometheus API, JSON: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export function resultJson(value: ResultValue, stats?: object): string {
  const more = stats === undefined ? '' : `,"stats":${JSON.stringify(stats)}`
  return `{"resultType":"${value.type}","result":${valueJson(value)}${more}}`
}

/** A sample value as Prometheus writes it: the fewest digits, and exponents of two digits at least. */
export function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

function valueJson(value: ResultValue): string {
  switch (value.type) {
    case 'scalar':
      return sampleJson(value.time, value.value)
    case 'string':
      return `[${value.time / 1000},${JSON.stringify(value.value)}]`
    case 'vector':
      return list(value.samples, sample => vectorEntry(sample, value.time))
    case 'matrix':
      return list(value.series, matrixEntry)
  }
}

function vectorEntry({ labels, value, histogram }: VectorSample, time: number): string {
  const sample =
    histogram === undefined ? `"value":${sampleJson(time, value)}` : `"histogram":${wholeJson(time, histogram)}`
  return `{"metric":${JSON.stringify(labels)},${sample}}`
}

function matrixEntry({ labels, times, values, histograms }: ResultSeries): string {
  const floats: string[] = []
  const wholes: string[] = []
  for (let i = 0; i < times.length; i++) {
    const histogram = histograms?.[i]
    if (histogram === undefined) floats.push(sampleJson(times[i], values[i]))
    else wholes.push(wholeJson(times[i], histogram))
  }
  const samples = [
    ...(floats.length === 0 ? [] : [`"values":[${floats.join(',')}]`]),
    ...(wholes.length === 0 ? [] : [`"histograms":[${wholes.join(',')}]`])
  ]
  return `{${[`"metric":${JSON.stringify(labels)}`, ...samples].join(',')}}`
}

const sampleJson = (time: number, value: number) => `[${time / 1000},"${valueText(value)}"]`

const wholeJson = (time: number, histogram: FloatHistogram) =>
  `[${time / 1000},${JSON.stringify(histogramJson(histogram))}]`

function list<T>(items: readonly T[], text: (item: T) => string): string {
  return `[${items.map(text).join(',')}]`
}
