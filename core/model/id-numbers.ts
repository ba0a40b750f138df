import { randomInt } from 'node:crypto'

const FIRST_BITS = 4
/** Free rows are as many as rows in use, at least. */
const FREE_BITS = 1
/** Secret, so that nobody can choose series whose ids collide. */
const FACTOR = randomInt(2 ** 31) * 2 + 1

/** Numbers the ids of one block, from 0, as they first appear. Its memory depends on the block, not on how many ids there are. */
export class IdNumbers {
  /** Ids that have a number. */
  size = 0
  #shift = 32 - FIRST_BITS
  /** By row: the id, its number, and the block that it was numbered in. */
  #ids = new Uint32Array(2 ** FIRST_BITS)
  #numbers = new Uint32Array(2 ** FIRST_BITS)
  #blocks = new Uint32Array(2 ** FIRST_BITS)
  #block = 0

  /** Forgets all ids. @param ids most that will come until it is called again */
  begin(ids: number): void {
    this.size = 0
    this.#block = (this.#block + 1) >>> 0
    const bits = Math.ceil(Math.log2(ids + 1)) + FREE_BITS
    if (bits <= 32 - this.#shift && this.#block > 0) return
    this.#shift = Math.min(this.#shift, 32 - bits)
    const rows = 2 ** (32 - this.#shift)
    this.#ids = new Uint32Array(rows)
    this.#numbers = new Uint32Array(rows)
    this.#blocks = new Uint32Array(rows)
    this.#block = 1
  }

  /** The number of an id; the next one if it has none. */
  of(id: number): number {
    const ids = this.#ids
    const blocks = this.#blocks
    const mask = ids.length - 1
    let row = Math.imul(id, FACTOR) >>> this.#shift
    for (; blocks[row] === this.#block; row = (row + 1) & mask) if (ids[row] === id) return this.#numbers[row]
    blocks[row] = this.#block
    ids[row] = id
    this.#numbers[row] = this.size
    return this.size++
  }
}
