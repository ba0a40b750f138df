import { packList, unpackList } from '../../model/packed-list.ts'
import type { Stepwise } from '../../model/stepwise.ts'

/** What many identities have in common, each kept once, by a small number; gone when nobody uses it any more. */
export class InternPool<T> {
  #keyOf: (value: T) => string
  #indexes = new Map<string, number>()
  #values: (T | undefined)[] = []
  #users: number[] = []
  #free: number[] = []

  constructor(keyOf: (value: T) => string) {
    this.#keyOf = keyOf
  }

  /** -1 where it is not here. */
  indexOf(value: T): number {
    return this.#indexes.get(this.#keyOf(value)) ?? -1
  }

  at(index: number): T {
    return this.#values[index]!
  }

  /** One more uses it. */
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

  /** One less uses it. */
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

/** What is on disk. */
export interface SavedPool {
  /** A packed list. */
  readonly parts: Uint8Array
  readonly users: Int32Array
}
