import type { Observation } from '../input/observation.ts'
import type { RowPairs } from '../panes/rows.ts'
import type { AccumulatorType } from './accumulator.ts'
import { NumberColumns } from './number-columns.ts'

/** The least and the greatest value of each group; NaN once unknown of one item. */
class Extremes extends NumberColumns<'mins' | 'maxs'> {
  readonly mins = this.columns.mins
  readonly maxs = this.columns.maxs

  constructor(capacity: number) {
    super(capacity, { mins: Number.POSITIVE_INFINITY, maxs: Number.NEGATIVE_INFINITY })
  }

  add(row: number, { count, min, max }: Observation): void {
    // An empty histogram has no least value, and makes that of others no less known.
    if (count === 0) return
    this.mins[row] = Math.min(this.mins[row], min)
    this.maxs[row] = Math.max(this.maxs[row], max)
  }

  merge({ mins, maxs }: Extremes, { from, to, length }: RowPairs): void {
    for (let i = 0; i < length; i++) {
      this.mins[to[i]] = Math.min(this.mins[to[i]], mins[from[i]])
      this.maxs[to[i]] = Math.max(this.maxs[to[i]], maxs[from[i]])
    }
  }
}

export const EXTREMES: AccumulatorType<Extremes> = {
  key: 'extremes',
  create: capacity => new Extremes(capacity),
  bytesPerGroup: () => 0
}
