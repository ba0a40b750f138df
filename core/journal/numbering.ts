import type { SeriesTable } from '../model/series-table/series-table.ts'

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

/** The same for series of one table, by their ids: no hashing on the way of every point. */
export class SeriesNumbering {
  #numbers = new Int32Array()
  /** Ids that have a number. */
  #ids: number[] = []
  #table: SeriesTable | undefined

  /** -1 if it has none yet. */
  of(id: number): number {
    return id < this.#numbers.length ? this.#numbers[id] : NONE
  }

  add(table: SeriesTable, id: number): number {
    if (this.#table !== table) table.addHolder(this)
    this.#table = table
    if (id >= this.#numbers.length) this.#grow(id + 1)
    const number = this.#ids.push(id) - 1
    this.#numbers[id] = number
    return number
  }

  clear(): void {
    for (const id of this.#ids) this.#numbers[id] = NONE
    this.#ids = []
  }

  /** As long as a series has a number, its id is no other's. */
  holdIds(hold: (id: number) => void): void {
    for (const id of this.#ids) hold(id)
  }

  #grow(least: number): void {
    const larger = new Int32Array(Math.max(least, this.#numbers.length * 2)).fill(NONE)
    larger.set(this.#numbers)
    this.#numbers = larger
  }
}
