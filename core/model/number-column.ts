const FIRST_PIECE = 128
/** Half a MiB. */
const LARGEST_PIECE = 64 * 1024

/** A column of numbers that grows by pieces, so that none is copied when there are many. */
export class NumberWriter {
  #full: Float64Array[] = []
  #piece = new Float64Array()
  #length = 0

  add(value: number): void {
    this.#makeRoom(1)
    this.#piece[this.#length++] = value
  }

  /** How many, then they themselves, in one piece. */
  addAll(values: ArrayLike<number>): void {
    this.#makeRoom(values.length + 1)
    this.#piece[this.#length++] = values.length
    this.#piece.set(values, this.#length)
    this.#length += values.length
  }

  /** All pieces; none if nothing was written. */
  get written(): readonly Float64Array[] {
    return this.#length === 0 ? this.#full : [...this.#full, this.#piece.subarray(0, this.#length)]
  }

  #makeRoom(numbers: number): void {
    if (this.#length + numbers <= this.#piece.length) return
    const usual = Math.min(LARGEST_PIECE, Math.max(FIRST_PIECE, this.#piece.length * 2))
    if (this.#length > 0) this.#full.push(this.#piece.subarray(0, this.#length))
    this.#piece = new Float64Array(Math.max(usual, numbers))
    this.#length = 0
  }
}

/** Reads the numbers that {@link NumberWriter} wrote. */
export class NumberReader {
  #left: Iterator<Float64Array>
  #piece: Float64Array | undefined
  #at = 0

  constructor(pieces: readonly Float64Array[]) {
    this.#left = pieces.values()
    this.#piece = this.#left.next().value
  }

  get atEnd(): boolean {
    return this.#piece === undefined
  }

  next(): number {
    const value = this.#piece![this.#at++]
    this.#passEnd()
    return value
  }

  /** A copy. */
  nextAll(): Float64Array<ArrayBuffer> {
    const piece = this.#piece!
    const from = this.#at + 1
    this.#at = from + piece[this.#at]
    const values = piece.slice(from, this.#at)
    this.#passEnd()
    return values
  }

  #passEnd(): void {
    if (this.#at < this.#piece!.length) return
    this.#piece = this.#left.next().value
    this.#at = 0
  }
}
