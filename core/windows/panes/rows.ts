import type { Stepwise } from '../../model/stepwise.ts'

/** Rows looked at, or copied, in well below a millisecond. */
export const ROWS_PER_STEP = 64 * 1024

/** Rows of one pane, and the rows in which another has the same groups: row `from[i]` belongs to row `to[i]`. */
export interface RowPairs {
  readonly from: Int32Array
  readonly to: Int32Array
}

/** The values that `column` has in `rows`, as one array. */
export function* pickRows(column: Float64Array, rows: Int32Array): Stepwise<Float64Array> {
  const picked = new Float64Array(unfilled(rows.length * 8))
  for (let from = 0; from < rows.length; from += ROWS_PER_STEP) {
    const to = Math.min(rows.length, from + ROWS_PER_STEP)
    for (let i = from; i < to; i++) picked[i] = column[rows[i]]
    yield
  }
  return picked
}

/** Memory that is not filled with zeros: for a large array that would be a step of several milliseconds. */
export function unfilled(bytes: number): ArrayBuffer {
  return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer
}
