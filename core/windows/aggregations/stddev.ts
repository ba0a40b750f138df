import type { Observation } from '../input/observation.ts'
import type { RowPairs } from '../panes/rows.ts'
import type { AccumulatorType } from './accumulator.ts'
import { type Aggregation, GAUGE_OUTPUT, SINGLE_VALUES } from './aggregation.ts'
import { NumberColumns } from './number-columns.ts'

/**
 * Number, mean and M2 of each group's values; M2 is the sum of the squared distances from the mean. Both are updated
 * value by value (Welford) and pane by pane (Chan): a difference of two large sums of squares would keep no digit.
 */
class Moments extends NumberColumns<'counts' | 'means' | 'm2s'> {
  readonly counts = this.columns.counts
  readonly means = this.columns.means
  readonly m2s = this.columns.m2s

  constructor(capacity: number) {
    super(capacity, { counts: 0, means: 0, m2s: 0 })
  }

  add(row: number, { value }: Observation): void {
    if (Number.isNaN(value)) return
    const distance = value - this.means[row]
    this.means[row] += distance / ++this.counts[row]
    this.m2s[row] += distance * (value - this.means[row])
  }

  merge({ counts, means, m2s }: Moments, { from, to, length }: RowPairs): void {
    for (let i = 0; i < length; i++) {
      const [more, row] = [counts[from[i]], to[i]]
      if (more === 0) continue
      const own = this.counts[row]
      const share = more / (own + more)
      const distance = means[from[i]] - this.means[row]
      this.counts[row] = own + more
      this.means[row] += distance * share
      this.m2s[row] += m2s[from[i]] + distance * distance * own * share
    }
  }

  /** NaN without values, infinite if they are too far apart to be squared. */
  deviation(row: number): number {
    const deviation = Math.sqrt(this.m2s[row] / this.counts[row])
    return Number.isNaN(deviation) && this.counts[row] > 0 ? Number.POSITIVE_INFINITY : deviation
  }
}

const MOMENTS: AccumulatorType<Moments> = {
  key: 'moments',
  create: capacity => new Moments(capacity),
  bytesPerGroup: () => BYTES_PER_GROUP
}
/** Three numbers of eight bytes, in a table that may be half empty. */
const BYTES_PER_GROUP = 48

/** The standard deviation of all values in the window, taken for the whole population. */
export const stddev: Aggregation<'stddev'> = {
  name: 'stddev',
  needsNumbers: true,
  takes: kind => SINGLE_VALUES.includes(kind),
  accumulators: () => [MOMENTS],
  outputs: () => [GAUGE_OUTPUT],
  usualSuffix: kind => (kind === 'gauge' ? '.stddev' : ''),
  emit: (pane, row, sink) => sink.value(0, pane.accumulator(MOMENTS)?.deviation(row) ?? Number.NaN)
}
