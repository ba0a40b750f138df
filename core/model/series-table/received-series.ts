import { PagedColumn } from './id-column.ts'

/** Memory of a received series for which there is room. Most take less. If they take more, fewer have room. */
export const BYTES_PER_SERIES = 512
/** Room for what few series share. */
const BYTES_OF_FEW = 2 ** 20
/** The same attributes written otherwise are found as fast. A sender that has more orders of them is decoded each time. */
const MOST_SPELLINGS = 8
const RECEIVED = 0x80
const SPELLINGS = 0x7f

/** The series that receivers have added, which are bounded, and the spellings of all. */
export class ReceivedSeries {
  readonly #max: number
  /** By id: if it was received, and the number of its further spellings. */
  readonly #origins = new PagedColumn(Uint8Array)
  #size = 0
  #keyBytes = 0

  constructor(max: number) {
    this.#max = max
  }

  /** @param bytes of what is not a received key */
  isFull(bytes: number): boolean {
    return this.#size >= this.#max || this.#keyBytes + bytes >= this.#max * BYTES_PER_SERIES + BYTES_OF_FEW
  }

  add(id: number, keyBytes: number): void {
    this.#origins.set(id, RECEIVED)
    this.#size++
    this.#keyBytes += keyBytes
  }

  originOf(id: number): 'received' | 'made' {
    return (this.#origins.get(id) & RECEIVED) === 0 ? 'made' : 'received'
  }

  /** True if another spelling of the series may be kept. */
  mayBeSpelled(id: number): boolean {
    return (this.#origins.get(id) & SPELLINGS) < MOST_SPELLINGS
  }

  addSpelling(id: number, keyBytes: number): void {
    const origin = this.#origins.get(id)
    this.#origins.set(id, origin + 1)
    if ((origin & RECEIVED) !== 0) this.#keyBytes += keyBytes
  }

  /** @param keyBytes of all its keys */
  remove(id: number, keyBytes: number): void {
    if ((this.#origins.get(id) & RECEIVED) !== 0) {
      this.#size--
      this.#keyBytes -= keyBytes
    }
    this.#origins.clear(id)
  }

  /** Memory, in bytes. */
  get bytes(): number {
    return this.#origins.bytes
  }
}
