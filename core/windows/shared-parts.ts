import { packList, unpackList } from '../model/packed-list.ts'
import type { Stepwise } from '../model/stepwise.ts'

/** What many identities have in common, each kept once, by a small number; gone when nobody uses it any more. */
export class SharedParts<T> {
  /** Memory of the parts, in bytes. */
  bytes = 0
  #keyOf: (part: T) => string
  #weigh: (part: T) => number
  #indexes = new Map<string, number>()
  #parts: (T | undefined)[] = []
  #users: number[] = []
  #free: number[] = []

  /** @param weigh memory of a part and its key, in bytes */
  constructor(keyOf: (part: T) => string, weigh: (part: T) => number) {
    this.#keyOf = keyOf
    this.#weigh = weigh
  }

  /** -1 where it is not here. */
  indexOf(part: T): number {
    return this.#indexes.get(this.#keyOf(part)) ?? -1
  }

  at(index: number): T {
    return this.#parts[index]!
  }

  /** One more uses it. */
  add(part: T): number {
    const key = this.#keyOf(part)
    let index = this.#indexes.get(key)
    if (index === undefined) {
      index = this.#free.pop() ?? this.#parts.length
      this.#indexes.set(key, index)
      this.#parts[index] = part
      this.#users[index] = 0
      this.bytes += this.#weigh(part)
    }
    this.#users[index]++
    return index
  }

  /** One less uses it. */
  release(index: number): void {
    if (--this.#users[index] > 0) return
    const part = this.#parts[index]!
    this.bytes -= this.#weigh(part)
    this.#indexes.delete(this.#keyOf(part))
    this.#parts[index] = undefined
    this.#free.push(index)
  }

  *save(): Stepwise<SavedParts> {
    return { parts: yield* packList(this.#parts), users: new Int32Array(this.#users) }
  }

  restore({ parts, users }: SavedParts): void {
    this.#parts = unpackList(parts)
    this.#users = [...users]
    for (const [index, part] of this.#parts.entries()) {
      if (part === undefined) this.#free.push(index)
      else {
        this.#indexes.set(this.#keyOf(part), index)
        this.bytes += this.#weigh(part)
      }
    }
  }
}

/** What is on disk. */
export interface SavedParts {
  /** A packed list. */
  readonly parts: Uint8Array
  readonly users: Int32Array
}
