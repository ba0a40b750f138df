import type { Aggregation } from './aggregation.ts'

/** The number of values, or of observations in histograms. */
export const count: Aggregation<'count'> = {
  name: 'count',
  needsNumbers: false,
  takes: () => true,
  accumulators: () => [],
  outputs: () => [{ shape: ({ unit }, kind) => ({ kind: 'counter', unit: kind === 'event' ? unit : '' }) }],
  usualSuffix: kind => (kind === 'gauge' ? '.count' : ''),
  emit: ({ counts }, row, sink) => sink.value(0, counts[row]),
  emitTotal: (totals, sink) => sink.value(0, totals.count)
}
