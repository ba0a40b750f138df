import type { BucketLimits } from '../../model/sketch/exponential-counts.ts'
import type { Stepwise } from '../../model/stepwise.ts'
import type { Observation } from '../input/observation.ts'
import type { RowPairs } from '../panes/rows.ts'

/**
 * State of all groups of a pane, beyond the number and the sum of their values, in columns by the pane's row. Every row
 * begins as that of a group with no values. Several aggregations may share one accumulator.
 */
export interface Accumulator {
  /** Memory, in bytes. */
  readonly bytes: number
  /** Adds one item to the group in `row`. */
  add(row: number, observation: Observation): void
  /** Merges rows of `other`, which is of the same type, into rows of this one. */
  merge(other: this, rows: RowPairs): void
  /** Takes the rows of `other`, which the pane has outgrown and does not use after that. */
  adopt(other: this, rows: RowPairs): void
  /** @param slots the groups in `rows` */
  save(slots: Int32Array, rows: Int32Array): Stepwise<unknown>
  /** Restores into new rows. @param rows the pane's row of each saved slot */
  restore(saved: unknown, slots: Int32Array, rows: Int32Array): void
}

/** Makes accumulators of one type. */
export interface AccumulatorType<A extends Accumulator = Accumulator> {
  /** Its property in a saved pane. */
  readonly key: string
  /** @param capacity rows @param limits of buckets */
  create(capacity: number, limits: BucketLimits): A
  /** Most bytes of a group beyond its row, which has a few numbers. */
  bytesPerGroup(limits: BucketLimits): number
}
