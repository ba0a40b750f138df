import type { Series } from '../model/series.ts'

/** Numbers objects in the order they are first seen. */
export class Numbering<T extends object> {
  #numbers = new Map<T, number>()

  of(object: T): number | undefined {
    return this.#numbers.get(object)
  }

  add(object: T): number {
    const number = this.#numbers.size
    this.#numbers.set(object, number)
    return number
  }

  clear(): void {
    this.#numbers.clear()
  }
}

const NONE = -1

/** The same for series of one registry, by their ids: no hashing on the way of every point. */
export class SeriesNumbering {
  #numbers = new Int32Array()
  /** As long as it has a number nobody lets go of it, so its id is no other's. */
  #held: Series[] = []

  /** -1 if it has none yet. */
  of({ id }: Series): number {
    return id < this.#numbers.length ? this.#numbers[id] : NONE
  }

  add(series: Series): number {
    if (series.id >= this.#numbers.length) this.#grow(series.id + 1)
    const number = this.#held.push(series) - 1
    this.#numbers[series.id] = number
    return number
  }

  clear(): void {
    this.#numbers.fill(NONE)
    this.#held = []
  }

  #grow(least: number): void {
    const larger = new Int32Array(Math.max(least, this.#numbers.length * 2)).fill(NONE)
    larger.set(this.#numbers)
    this.#numbers = larger
  }
}
