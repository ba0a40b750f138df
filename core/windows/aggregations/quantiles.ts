import { histogramQuantile } from '../../model/histogram-quantile.ts'
import { type Aggregation, GAUGE_OUTPUT, isHistogramOrValue } from './aggregation.ts'
import { HISTOGRAMS } from './histograms.ts'

/** The values of the ranks that the option `quantiles` lists, each a gauge with the attribute `quantile`. */
export const quantiles: Aggregation<'quantiles'> = {
  name: 'quantiles',
  needsNumbers: true,
  takes: isHistogramOrValue,
  accumulators: () => [HISTOGRAMS],
  outputs: options => options.quantiles.map(rank => ({ ...GAUGE_OUTPUT, attribute: ['quantile', String(rank)] })),
  usualSuffix: kind => (kind === 'gauge' ? '.quantiles' : ''),
  emit: (pane, row, sink, options) => {
    const point = pane.accumulator(HISTOGRAMS)?.at(row)?.point(pane.counts[row], pane.sums[row])
    if (point === undefined) return
    for (let i = 0; i < options.quantiles.length; i++) sink.value(i, histogramQuantile(point, options.quantiles[i]))
  }
}
