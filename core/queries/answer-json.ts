import type { ResultSeries, ResultValue, VectorSample } from '../promql/engine/evaluate.ts'
import type { FloatHistogram } from '../promql/histogram/float-histogram.ts'
import { histogramJson } from '../promql/histogram/text.ts'

/** JavaScript writes numbers from here on, and those below the second one, with an exponent. */
const LEAST_LARGE = 1e21
const LEAST_PLAIN = 1e-6

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
  const text = String(value)
  const size = Math.abs(value)
  const hasExponent = size >= LEAST_LARGE || size < LEAST_PLAIN
  return hasExponent ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text
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
      return matrixJson(value.series)
  }
}

function vectorEntry({ labels, value, histogram }: VectorSample, time: number): string {
  const sample =
    histogram === undefined ? `"value":${sampleJson(time, value)}` : `"histogram":${wholeJson(time, histogram)}`
  return `{"metric":${JSON.stringify(labels)},${sample}}`
}

/** Series have the same times most often, whose texts are made once. */
function matrixJson(series: readonly ResultSeries[]): string {
  let known: Float64Array = new Float64Array()
  let texts: readonly string[] = []
  return list(series, one => {
    if (!areSame(one.times, known)) texts = Array.from(one.times, time => String(time / 1000))
    known = one.times
    return matrixEntry(one, texts)
  })
}

function areSame(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function matrixEntry({ labels, times, values, histograms }: ResultSeries, timeTexts: readonly string[]): string {
  const floats: string[] = []
  const wholes: string[] = []
  for (let i = 0; i < times.length; i++) {
    const histogram = histograms?.[i]
    if (histogram === undefined) floats.push(`[${timeTexts[i]},"${valueText(values[i])}"]`)
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
