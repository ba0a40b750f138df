import { find } from './sections.ts'

const PIPE = 124

/** The key of one line or bit: its name, and its sections but the time, which would make each line one of its own. */
export class LineKey {
  readonly #bytes: Buffer
  readonly view: DataView
  nameLength = 0
  length = 0

  /** @param mostBytes of a key */
  constructor(mostBytes: number) {
    this.#bytes = Buffer.alloc(mostBytes)
    this.view = new DataView(this.#bytes.buffer, this.#bytes.byteOffset, mostBytes)
  }

  /**
   * @param start of the sections
   * @param stamp the beginning of the time, or `end`
   */
  set(bytes: Buffer, nameStart: number, nameEnd: number, start: number, stamp: number, end: number): void {
    this.length = 0
    this.#append(bytes, nameStart, nameEnd)
    this.nameLength = this.length
    this.#append(bytes, start, stamp)
    if (stamp < end) this.#append(bytes, find(bytes, PIPE, stamp + 1, end), end)
  }

  /** As latin1. */
  get name(): string {
    return this.#bytes.toString('latin1', 0, this.nameLength)
  }

  /** As latin1. */
  get sections(): string {
    return this.#bytes.toString('latin1', this.nameLength, this.length)
  }

  #append(bytes: Buffer, start: number, end: number): void {
    if (start < end) this.length += bytes.copy(this.#bytes, this.length, start, end)
  }
}
