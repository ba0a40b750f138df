/** Bytes that came in pieces, read one after the other. They are not put together: an answer may have a hundred megabytes. */
export class Pieces {
  readonly #pieces: readonly Buffer[]
  /** The piece of the next byte, and its place there. */
  #piece = 0
  #at = 0
  #left: number

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces
      .filter(({ length }) => length > 0)
      .map(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length))
    this.#left = this.#pieces.reduce((sum, { length }) => sum + length, 0)
  }

  get isAtEnd(): boolean {
    return this.#left === 0
  }

  byte(): number {
    this.#take(1)
    return this.#pieces[this.#piece][this.#at++]
  }

  text(length: number): string {
    this.#take(length)
    const piece = this.#pieces[this.#piece]
    if (length > piece.length - this.#at) return Buffer.from(this.#copied(length)).toString('utf8')
    return piece.toString('utf8', this.#at, (this.#at += length))
  }

  /** In memory of their own, since views of numbers need an address that is a multiple of their size. */
  bytes(length: number): ArrayBuffer {
    this.#take(length)
    return this.#copied(length)
  }

  /** So many bytes will be read from the current piece on. Throws if there are not. */
  #take(length: number): void {
    if (length > this.#left) throw new RangeError('the answer of ClickHouse is cut off')
    this.#left -= length
    if (length > 0 && this.#at === this.#pieces[this.#piece].length) this.#next()
  }

  #copied(length: number): ArrayBuffer {
    const copy = new Uint8Array(length)
    for (let done = 0; done < length; ) {
      const piece = this.#pieces[this.#piece]
      if (this.#at === piece.length) {
        this.#next()
        continue
      }
      const part = piece.subarray(this.#at, this.#at + length - done)
      copy.set(part, done)
      done += part.length
      this.#at += part.length
    }
    return copy.buffer
  }

  #next(): void {
    this.#piece++
    this.#at = 0
  }
}
