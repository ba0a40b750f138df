import type { Observation } from '../input/observation.ts'
import type { RowPairs } from '../panes/rows.ts'
import type { AccumulatorType } from './accumulator.ts'
import { type Aggregation, GAUGE_OUTPUT, SINGLE_VALUES } from './aggregation.ts'
import { NumberColumns } from './number-columns.ts'

/** The last value of each group by time; of several at the same time the greatest, in whatever order they come. */
class LastValues extends NumberColumns<'times' | 'values'> {
  readonly times = this.columns.times
  readonly values = this.columns.values

  constructor(capacity: number) {
    super(capacity, { times: Number.NEGATIVE_INFINITY, values: 0 })
  }

  add(row: number, { time, value }: Observation): void {
    if (!Number.isNaN(value)) this.#set(row, time, value)
  }

  merge({ times, values }: LastValues, { from, to, length }: RowPairs): void {
    for (let i = 0; i < length; i++) this.#set(to[i], times[from[i]], values[from[i]])
  }

  at(row: number): number {
    return this.times[row] === Number.NEGATIVE_INFINITY ? Number.NaN : this.values[row]
  }

  #set(row: number, time: number, value: number): void {
    if (time < this.times[row] || (time === this.times[row] && value <= this.values[row])) return
    this.times[row] = time
    this.values[row] = value
  }
}

const LAST_VALUES: AccumulatorType<LastValues> = {
  key: 'latest',
  create: capacity => new LastValues(capacity),
  bytesPerGroup: () => 0
}

/** The last value in event time. */
export const last: Aggregation<'last'> = {
  name: 'last',
  needsNumbers: true,
  takes: kind => SINGLE_VALUES.includes(kind),
  accumulators: () => [LAST_VALUES],
  outputs: () => [GAUGE_OUTPUT],
  usualSuffix: () => '',
  emit: (pane, row, sink) => sink.value(0, pane.accumulator(LAST_VALUES)?.at(row) ?? Number.NaN)
}
