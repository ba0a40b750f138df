import { type Aggregation, valueUnit } from './aggregation.ts'

/** Gauges are not summed: a value now and a value a moment ago do not add up to anything. */
export const sum: Aggregation<'sum'> = {
  name: 'sum',
  needsNumbers: true,
  takes: kind => kind !== 'gauge' && kind !== 'set',
  accumulators: () => [],
  outputs: () => [
    {
      // If values may be negative their sum is no counter.
      shape: (input, kind) => ({ kind: kind === 'counter' ? kind : 'up_down_counter', unit: valueUnit(input, kind) })
    }
  ],
  usualSuffix: kind => (kind === 'event' || kind === 'gauge' ? '.sum' : ''),
  emit: ({ sums }, row, sink) => sink.value(0, sums[row]),
  emitTotal: (totals, sink) => sink.value(0, totals.sum)
}
