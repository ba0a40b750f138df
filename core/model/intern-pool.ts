import { packList, unpackList } from './packed-list.ts'
import type { Stepwise } from './stepwise.ts'

/** Values that many identities share, each kept once, by a small number, for as long as any identity uses it. */
export class InternPool<T> {
  /** Memory of the values, in bytes. */
  bytes = 0
  #keyOf: (value: T) => string
  #weigh: (value: T) => number
  #indexes = new Map<string, number>()
  #values: (T | undefined)[] = []
  #users: number[] = []
  #free: number[] = []

  /** @param weigh memory of a value and its key, in bytes */
  constructor(keyOf: (value: T) => string, weigh: (value: T) => number) {
    this.#keyOf = keyOf
    this.#weigh = weigh
  }

  /** -1 if the value is not here. */
  indexOf(value: T): number {
    return this.#indexes.get(this.#keyOf(value)) ?? -1
  }

  at(index: number): T {
    return this.#values[index]!
  }

  /** Returns the value's index, with one more user. */
  add(value: T): number {
    const key = this.#keyOf(value)
    let index = this.#indexes.get(key)
    if (index === undefined) {
      index = this.#free.pop() ?? this.#values.length
      this.#indexes.set(key, index)
      this.#values[index] = value
      this.#users[index] = 0
      this.bytes += this.#weigh(value)
    }
    this.#users[index]++
    return index
  }

  /** Takes one user from a value. */
  release(index: number): void {
    if (--this.#users[index] > 0) return
    const value = this.#values[index]!
    this.bytes -= this.#weigh(value)
    this.#indexes.delete(this.#keyOf(value))
    this.#values[index] = undefined
    this.#free.push(index)
  }

  *save(): Stepwise<SavedPool> {
    return { parts: yield* packList(this.#values), users: new Int32Array(this.#users) }
  }

  restore({ parts, users }: SavedPool): void {
    this.#values = unpackList(parts)
    this.#users = [...users]
    for (const [index, value] of this.#values.entries()) {
      if (value === undefined) this.#free.push(index)
      else {
        this.#indexes.set(this.#keyOf(value), index)
        this.bytes += this.#weigh(value)
      }
    }
  }
}

/** A pool on disk. */
export interface SavedPool {
  /** A packed list. */
  readonly parts: Uint8Array
  readonly users: Int32Array
}
