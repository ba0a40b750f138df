import { packList, unpackList } from '../../model/packed-list.ts'
import type { Stepwise } from '../../model/stepwise.ts'

/** Values that many identities share, each kept once, by a small number, for as long as any identity uses it. */
export class InternPool<T> {
  #keyOf: (value: T) => string
  #indexes = new Map<string, number>()
  #values: (T | undefined)[] = []
  #users: number[] = []
  #free: number[] = []

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf
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
    }
    this.#users[index]++
    return index
  }

  /** Takes one user from a value. */
  release(index: number): void {
    if (--this.#users[index] > 0) return
    this.#indexes.delete(this.#keyOf(this.#values[index]!))
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
      else this.#indexes.set(this.#keyOf(value), index)
    }
  }
}

/** A pool on disk. */
export interface SavedPool {
  /** A packed list. */
  readonly parts: Uint8Array
  readonly users: Int32Array
}
