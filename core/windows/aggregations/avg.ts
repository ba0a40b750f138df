import { type Aggregation, GAUGE_OUTPUT, isHistogramOrValue } from './aggregation.ts'

/** Sum by count of all values in the window, never an average of averages. */
export const avg: Aggregation<'avg'> = {
  name: 'avg',
  needsNumbers: true,
  takes: isHistogramOrValue,
  accumulators: () => [],
  outputs: () => [GAUGE_OUTPUT],
  usualSuffix: kind => (kind === 'gauge' ? '.avg' : ''),
  emit: ({ sums, counts }, row, sink) => sink.value(0, sums[row] / counts[row])
}
