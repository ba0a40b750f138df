import type { QueryResult } from '../promql/engine/evaluate.ts'
import { FLOAT, NONE, type Row } from '../promql/engine/rows.ts'
import { type Times, timeAt } from '../promql/engine/times.ts'
import { histogramJson } from '../promql/histogram/json.ts'

/** A result as `data` of the Prometheus API, JSON: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export function resultJson(result: QueryResult): string {
  return `{"resultType":"${result.type}","result":${valueJson(result)}}`
}

/** A sample value as Prometheus writes it: the fewest digits, and exponents of two digits at least. */
export function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  if (value === Number.NEGATIVE_INFINITY) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  return String(value).replace(/e([+-])(\d)$/, 'e$10$2')
}

function valueJson(result: QueryResult): string {
  switch (result.type) {
    case 'scalar':
      return sample(result.time, valueText(result.value))
    case 'string':
      return `[${result.time / 1000},${JSON.stringify(result.value)}]`
    case 'vector':
      return list(result.rows, row => vectorEntry(row, result.times))
    case 'matrix':
      return list(result.rows, row => matrixEntry(row, result.times))
  }
}

function vectorEntry(row: Row, times: Times): string {
  const at = timeAt(times, 0)
  const metric = `{"metric":${JSON.stringify(row.labels)}`
  if (row.kinds[0] === FLOAT) return `${metric},"value":${sample(at, valueText(row.values[0]))}}`
  return `${metric},"histogram":[${at / 1000},${JSON.stringify(histogramJson(row.histograms![0]!))}]}`
}

function matrixEntry({ labels, values, kinds, histograms }: Row, times: Times): string {
  let floats = ''
  let wholes = ''
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === NONE) continue
    const at = timeAt(times, i)
    if (kinds[i] === FLOAT) floats += `${floats === '' ? '' : ','}${sample(at, valueText(values[i]))}`
    else wholes += `${wholes === '' ? '' : ','}[${at / 1000},${JSON.stringify(histogramJson(histograms![i]!))}]`
  }
  const parts = [
    `"metric":${JSON.stringify(labels)}`,
    ...(floats === '' ? [] : [`"values":[${floats}]`]),
    ...(wholes === '' ? [] : [`"histograms":[${wholes}]`])
  ]
  return `{${parts.join(',')}}`
}

const sample = (time: number, text: string) => `[${time / 1000},"${text}"]`

function list<T>(items: readonly T[], text: (item: T) => string): string {
  return `[${items.map(text).join(',')}]`
}
