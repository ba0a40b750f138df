import { withRoom } from './columns.ts'

/** A column of numbers that grows. */
export class NumberWriter {
  #numbers = new Float64Array()
  #length = 0

  add(value: number): void {
    this.#numbers = withRoom(this.#numbers, this.#length)
    this.#numbers[this.#length++] = value
  }

  /** How many, then they themselves. */
  addAll(values: ArrayLike<number>): void {
    this.add(values.length)
    if (values.length === 0) return
    this.#numbers = withRoom(this.#numbers, this.#length + values.length - 1)
    this.#numbers.set(values, this.#length)
    this.#length += values.length
  }

  get written(): Float64Array {
    return this.#numbers.subarray(0, this.#length)
  }
}

/** Reads what {@link NumberWriter} wrote. */
export class NumberReader {
  #numbers: Float64Array
  #at = 0

  constructor(numbers: Float64Array) {
    this.#numbers = numbers
  }

  get atEnd(): boolean {
    return this.#at >= this.#numbers.length
  }

  next(): number {
    return this.#numbers[this.#at++]
  }

  /** A copy. */
  nextAll(): Float64Array<ArrayBuffer> {
    const length = this.next()
    this.#at += length
    return this.#numbers.slice(this.#at - length, this.#at)
  }
}
