import type { KeyTable, StoredKey } from './key-table.ts'

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

  /** The key of a list. Its bytes are valid until the next call. */
  of({ parent, view, start, end }: StoredKey): StoredKey {
    const length = (end - start) / WORD
    if (length > this.#parts.length) this.#makeRoom(length)
    const parts = this.#parts
    const ends = this.#ends
    let at = 0
    let isMoved = false
    for (let i = 0; i < length; i++) {
      const part = view.getInt32(start + i * WORD, true)
      // Keys that follow each other differ in few parts, and another one of equal length does not move the rest.
      if (isMoved || i >= this.#length || parts[i] !== part) {
        const partEnd = this.#copy(part, at)
        isMoved = i >= this.#length || ends[i] !== partEnd
        parts[i] = part
        ends[i] = partEnd
      }
      at = ends[i]
    }
    this.#length = length
    return { parent, view: this.#view, start: 0, end: at }
  }

  /** The ids of parts may mean others from now on. */
  reset(): void {
    this.#length = 0
  }

  #copy(part: number, at: number): number {
    const wanted = at + this.#table.lengthOf(part)
    if (wanted > this.#view.byteLength) this.#grow(wanted)
    return this.#table.copyKey(part, this.#view, at)
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
