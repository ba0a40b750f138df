import { CompensatedMeans, CompensatedSum, CompensatedSums } from '../compensated-sums.ts'
import { HistogramTotal } from '../histogram-totals.ts'
import { type CellKind, FLOAT, HISTOGRAM, NONE } from '../rows.ts'
import { type RangeCall, type RangeFunction, warnMixed, warnMixedSchemas } from './range-function.ts'
import type { Window } from './window.ts'

/** One window is computed at a time. */
const SUM = new CompensatedSums(1)
const MEAN = new CompensatedMeans(1)
/** Of numbers without infinities and NaN, which are usual. */
const FINITE = new CompensatedSum()

export const sumOverTime: RangeFunction = (window, call) => {
  if (window.histogramCount > 0) return histogramTotal(window, call, new HistogramTotal('sum'))
  const whole = window.wholeSum()
  if (whole !== undefined) {
    window.value = whole
    return FLOAT
  }
  const { values } = window.series
  if (FINITE.of(values, window.first, window.end, 0)) {
    window.value = FINITE.sum + FINITE.lost
    return FLOAT
  }
  SUM.set(0, 0)
  for (let i = window.first; i < window.end; i++) SUM.add(0, values[i]!)
  window.value = SUM.total(0)
  return FLOAT
}

export const meanOverTime: RangeFunction = (window, call) => {
  if (window.histogramCount > 0) return histogramTotal(window, call, new HistogramTotal('mean'))
  const whole = window.wholeSum()
  const count = window.floatCount
  if (whole !== undefined) {
    window.value = whole / count
    return FLOAT
  }
  const { values } = window.series
  if (FINITE.of(values, window.first, window.end, -0)) {
    window.value = FINITE.sum / count + FINITE.lost / count
    return FLOAT
  }
  MEAN.reset(0)
  for (let i = window.first; i < window.end; i++) MEAN.add(0, values[i]!)
  window.value = MEAN.mean(0)
  return FLOAT
}

function histogramTotal(window: Window, call: RangeCall, total: HistogramTotal): CellKind {
  if (window.floatCount > 0) {
    warnMixed(window, call)
    return NONE
  }
  const { histograms } = window.series
  for (let i = window.firstHistogram; i < window.endHistogram; i++)
    if (!total.add(histograms[i]!)) warnMixedSchemas(window, call)
  total.remark(call.remarks, call.args[0]!.span)
  if (total.result === undefined) return NONE
  window.histogram = total.result
  return HISTOGRAM
}
