import { type Aggregation, GAUGE_OUTPUT, isHistogramOrValue } from './aggregation.ts'
import { EXTREMES } from './extremes.ts'

/** The least value; of histograms only if each of them names its own. */
export const min: Aggregation<'min'> = {
  name: 'min',
  needsNumbers: true,
  takes: isHistogramOrValue,
  accumulators: () => [EXTREMES],
  outputs: () => [GAUGE_OUTPUT],
  usualSuffix: kind => (kind === 'gauge' ? '.min' : ''),
  emit: (pane, row, sink) => sink.value(0, pane.accumulator(EXTREMES)?.mins[row] ?? Number.NaN)
}
