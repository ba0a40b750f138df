/** Cells in one piece of memory: 64 KiB of values. Fewer and larger buffers cost less than one for each row. */
const SLAB_CELLS = 8192
/** Rows longer than this have memory of their own. */
const LONGEST_ROW = SLAB_CELLS / 8

/** Columns of one row, all 0. */
export interface Cells {
  readonly values: Float64Array
  readonly kinds: Uint8Array
}

/** Memory of rows, many at a time. */
export class CellSlab {
  #values = new Float64Array()
  #kinds = new Uint8Array()
  #used = 0

  cells(count: number): Cells {
    if (count > LONGEST_ROW) return { values: new Float64Array(count), kinds: new Uint8Array(count) }
    if (this.#used + count > this.#values.length) {
      this.#values = new Float64Array(SLAB_CELLS)
      this.#kinds = new Uint8Array(SLAB_CELLS)
      this.#used = 0
    }
    const from = this.#used
    this.#used += count
    return { values: this.#values.subarray(from, this.#used), kinds: this.#kinds.subarray(from, this.#used) }
  }
}
