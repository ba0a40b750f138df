import { type Aggregation, GAUGE_OUTPUT, isHistogramOrValue } from './aggregation.ts'
import { EXTREMES } from './extremes.ts'

/** The greatest value; of histograms only if each of them names its own. */
export const max: Aggregation<'max'> = {
  name: 'max',
  needsNumbers: true,
  takes: isHistogramOrValue,
  accumulators: () => [EXTREMES],
  outputs: () => [GAUGE_OUTPUT],
  usualSuffix: kind => (kind === 'gauge' ? '.max' : ''),
  emit: (pane, row, sink) => sink.value(0, pane.accumulator(EXTREMES)?.maxs[row] ?? Number.NaN)
}
