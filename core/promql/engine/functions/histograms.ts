import type { FloatHistogram } from '../../histogram/float-histogram.ts'
import { histogramAverage, histogramStandardDeviation, histogramVariance } from '../../histogram/statistics.ts'
import { unnamedRows } from '../merged-rows.ts'
import { newRow } from '../query.ts'
import { FLOAT, HISTOGRAM, type Row } from '../rows.ts'
import { vectorOf } from '../value.ts'
import { rowsArg, type VectorFunction } from './vector-function.ts'

export const histogramCountOf = ofHistograms(({ count }) => count)
export const histogramSumOf = ofHistograms(({ sum }) => sum)
export const histogramAverageOf = ofHistograms(histogramAverage)
export const histogramVarianceOf = ofHistograms(histogramVariance)
export const histogramDeviationOf = ofHistograms(histogramStandardDeviation)

/** A number of each native histogram. Floats have no result. */
function ofHistograms(numberOf: (histogram: FloatHistogram) => number): VectorFunction {
  return call => {
    const rows: Row[] = []
    for (const source of rowsArg(call, 0)) {
      if (source.histograms === undefined) continue
      const row = newRow(call.query, call.times, source.labels, source.dropName)
      for (let step = 0; step < source.kinds.length; step++) {
        if (source.kinds[step] !== HISTOGRAM) continue
        row.kinds[step] = FLOAT
        row.values[step] = numberOf(source.histograms[step]!)
      }
      rows.push(row)
    }
    return vectorOf(unnamedRows(call.query, call.times, rows))
  }
}
