import { multiply } from '../histogram/arithmetic.ts'
import { rowHistogramSamples } from './histogram-samples.ts'
import { unnamedRows } from './merged-rows.ts'
import { newRow, type Query } from './query.ts'
import { FLOAT, HISTOGRAM, type Row, setHistogram } from './rows.ts'
import type { Times } from './times.ts'
import { type Value, vectorOf } from './value.ts'

/** The operator `-` of one operand. */
export function negated(query: Query, value: Value, times: Times): Value {
  if (value.type === 'string') throw new TypeError('the negation of a string')
  if (value.type === 'scalar') return { type: 'scalar', values: value.values.map(number => -number) }
  return vectorOf(
    unnamedRows(
      query,
      times,
      value.rows.map(row => negatedRow(query, row, times))
    )
  )
}

function negatedRow(query: Query, source: Row, times: Times): Row {
  const row = newRow(query, times, source.labels, source.dropName)
  for (let i = 0; i < source.kinds.length; i++) {
    if (source.kinds[i] === HISTOGRAM) setHistogram(row, i, multiply(source.histograms![i]!, -1))
    else if (source.kinds[i] === FLOAT) {
      row.kinds[i] = FLOAT
      row.values[i] = -source.values[i]!
    }
  }
  query.budget.take(rowHistogramSamples(row))
  return row
}
