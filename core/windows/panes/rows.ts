import type { Stepwise } from '../../model/stepwise.ts'

/** Rows looked at, or copied, in well below a millisecond. */
export const ROWS_PER_STEP = 64 * 1024

/** Rows of one pane, and the rows in which another has the same groups: row `from[i]` belongs to row `to[i]`. */
export interface RowPairs {
  readonly from: Int32Array
  readonly to: Int32Array
  readonly length: number
}

/** Row pairs in memory that is used again: large arrays for each merge would keep the garbage collector busy. */
export class RowPairBuffer implements RowPairs {
  from = new Int32Array()
  to = new Int32Array()
  length = 0

  /** Empties the buffer, and makes room for so many pairs. */
  reserve(pairs: number): void {
    this.length = 0
    if (pairs <= this.from.length) return
    this.from = new Int32Array(pairs)
    this.to = new Int32Array(pairs)
  }
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
