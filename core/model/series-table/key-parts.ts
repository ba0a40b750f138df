import type { Stepwise } from '../stepwise.ts'
import { ComposedKey } from './composed-key.ts'
import { IdColumn } from './id-column.ts'
import type { KeyBytes } from './key-records.ts'
import { KeyTable, UNKNOWN } from './key-table.ts'
import type { StoredKey } from './stored-key.ts'

/** Bytes of a part's id in a list. */
const WORD = 4
const FIRST_PARTS = 64
/** All parts have this one: they are told apart by their bytes alone. */
const NO_PARENT = 0
const SHORT = 0x80

/**
 * Keys that are protobuf fields in a row, such as attributes or labels. Each distinct field is kept once, and a key is
 * the list of its fields' ids: four bytes a field. Keys that differ in one field share all others.
 */
export class KeyParts {
  readonly #parts = new KeyTable()
  readonly #composed = new ComposedKey(this.#parts)
  /** By id of a part: lists that have it. */
  readonly #uses = new IdColumn()
  #list = new DataView(new ArrayBuffer(FIRST_PARTS * WORD))
  #bytes: Uint8Array = new Uint8Array()

  /** The list of a key's fields. It is valid until the next call. Undefined if it has a field that is not known. */
  find(view: DataView, start: number, end: number): DataView | undefined {
    return this.#listOf(view, start, end, false)
  }

  /** The same; unknown fields become known. */
  add(view: DataView, start: number, end: number): DataView {
    return this.#listOf(view, start, end, true)!
  }

  /** A list that is kept keeps its fields known, until it is {@link release released}. */
  keep(list: DataView): void {
    for (let at = 0; at < list.byteLength; at += WORD) {
      const part = list.getInt32(at, true)
      this.#uses.set(part, this.#uses.get(part) + 1)
    }
  }

  /** Fields that no list has any more become unknown. */
  release({ view, start, end }: KeyBytes): void {
    for (let at = start; at < end; at += WORD) {
      const part = view.getInt32(at, true)
      const uses = this.#uses.get(part) - 1
      this.#uses.set(part, uses)
      if (uses === 0) this.#parts.remove(part)
    }
    this.#composed.reset()
  }

  /** The key that a list stands for, with a parent of its own. Its bytes are valid until the next call. */
  compose(list: StoredKey, parent: number): StoredKey {
    return this.#composed.of(list, parent)
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.#parts.bytes + this.#uses.bytes
  }

  /** Gives memory back that no part is in. */
  reclaim(): Stepwise<void> {
    return this.#parts.reclaim()
  }

  #listOf(view: DataView, start: number, end: number, adds: boolean): DataView | undefined {
    if (this.#bytes.buffer !== view.buffer) this.#bytes = new Uint8Array(view.buffer)
    let length = 0
    for (let at = start; at < end; length += WORD) {
      const fieldEnd = endOfField(this.#bytes, view.byteOffset + at) - view.byteOffset
      let part = this.#parts.find(NO_PARENT, view, at, fieldEnd)
      if (part === UNKNOWN && !adds) return undefined
      if (part === UNKNOWN) part = this.#addPart(view, at, fieldEnd)
      if (length === this.#list.byteLength) this.#growList()
      this.#list.setInt32(length, part, true)
      at = fieldEnd
    }
    return new DataView(this.#list.buffer, 0, length)
  }

  #addPart(view: DataView, start: number, end: number): number {
    const part = this.#parts.add(NO_PARENT, view, start, end)
    if (part === UNKNOWN) throw new RangeError(`an attribute or label has ${end - start} bytes, which is too many`)
    return part
  }

  #growList(): void {
    const grown = new DataView(new ArrayBuffer(this.#list.byteLength * 2))
    new Uint8Array(grown.buffer).set(new Uint8Array(this.#list.buffer))
    this.#list = grown
  }
}

/** The end of a length-delimited field whose number is below 16. */
function endOfField(bytes: Uint8Array, start: number): number {
  let length = 0
  let at = start + 1
  for (let factor = 1; ; factor *= SHORT) {
    const byte = bytes[at++]
    length += (byte & (SHORT - 1)) * factor
    if (byte < SHORT) return at + length
  }
}
