import type { KeyTable } from './key-table.ts'
import type { StoredKey } from './stored-key.ts'

const WORD = 4
const FIRST_PARTS = 64
const FIRST_BYTES = 1024

/** The key of the list of parts that was asked for last. */
export class ComposedKey {
  readonly #table: KeyTable
  #view: DataView<ArrayBuffer> = new DataView(new ArrayBuffer(FIRST_BYTES))
  /** Parts that are in their places, the first `#length` of them. */
  #parts = new Int32Array(FIRST_PARTS)
  #ends = new Int32Array(FIRST_PARTS)
  #length = 0

  /** @param table of the parts */
  constructor(table: KeyTable) {
    this.#table = table
  }

  /** The key of a list, with a parent of its own. Its bytes are valid until the next call. */
  of({ view, start, end }: StoredKey, parent: number): StoredKey {
    const length = (end - start) / WORD
    if (length > this.#parts.length) this.#makeRoom(length)
    const parts = this.#parts
    const ends = this.#ends
    let i = 0
    while (i < length && i < this.#length && parts[i] === view.getInt32(start + i * WORD, true)) i++
    const from = i
    for (; i < length; i++) parts[i] = view.getInt32(start + i * WORD, true)
    for (i = from; i < length; ) {
      i = this.#table.copyKeys(parts, i, length, this.#view, ends)
      if (i < length) this.#grow(this.#view.byteLength * 2)
    }
    this.#length = length
    return { parent, view: this.#view, start: 0, end: length === 0 ? 0 : ends[length - 1] }
  }

  /** The ids of parts may mean others from now on. */
  reset(): void {
    this.#length = 0
  }

  #makeRoom(parts: number): void {
    this.#parts = new Int32Array(parts * 2)
    this.#ends = new Int32Array(parts * 2)
    this.#length = 0
  }

  #grow(bytes: number): void {
    const grown = new DataView(new ArrayBuffer(bytes * 2))
    new Uint8Array(grown.buffer).set(new Uint8Array(this.#view.buffer))
    this.#view = grown
  }
}
