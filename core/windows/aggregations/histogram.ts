import { type HistogramPoint, MergedHistogram } from '../../model/merged-histogram.ts'
import { type Aggregation, isHistogramOrValue, type Output, type PaneState, valueUnit } from './aggregation.ts'
import { EXTREMES } from './extremes.ts'
import { HISTOGRAMS } from './histograms.ts'

const NO_BUCKETS = new MergedHistogram()
const [EXPLICIT, EXPONENTIAL] = [0, 1]

/** All values merged into one histogram, with buckets if the option `buckets` asks for them. */
export const histogram: Aggregation<'histogram'> = {
  name: 'histogram',
  needsNumbers: true,
  takes: isHistogramOrValue,
  accumulators: ({ buckets }) => [buckets ? HISTOGRAMS : EXTREMES],
  outputs: () => [outputOf('histogram'), outputOf('exponential_histogram')],
  usualSuffix: kind => (kind === 'gauge' ? '.histogram' : ''),
  emit: (pane, row, sink, { buckets }) => {
    const point = buckets ? bucketsAt(pane, row) : withoutBuckets(pane, row)
    sink.distribution(outputFor(point), point)
  },
  emitTotal: (totals, sink, { buckets }) => {
    const { sum, count } = totals
    const total = buckets ? totals.addHistogram() : NO_BUCKETS
    const point = total.point(count, sum)
    sink.distribution(outputFor(point), point, () => total.zero(sum))
  }
}

const outputOf = (kind: 'histogram' | 'exponential_histogram'): Output => ({
  shape: (input, group) => ({ kind, unit: valueUnit(input, group) })
})

const outputFor = ({ kind }: HistogramPoint) => (kind === 'exponential_histogram' ? EXPONENTIAL : EXPLICIT)

function bucketsAt(pane: PaneState, row: number): HistogramPoint {
  return (pane.accumulator(HISTOGRAMS)?.at(row) ?? NO_BUCKETS).point(pane.counts[row], pane.sums[row])
}

function withoutBuckets(pane: PaneState, row: number): HistogramPoint {
  const extremes = pane.accumulator(EXTREMES)
  const [min, max] = [finiteOrNaN(extremes?.mins[row]), finiteOrNaN(extremes?.maxs[row])]
  return { kind: 'histogram', count: pane.counts[row], sum: pane.sums[row], min, max, bounds: [], counts: [] }
}

const finiteOrNaN = (value = Number.NaN) => (Number.isFinite(value) ? value : Number.NaN)
