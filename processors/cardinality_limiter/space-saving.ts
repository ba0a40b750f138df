// Space-Saving, Metwally et al. 2005, https://www.cs.ucsb.edu/sites/default/files/documents/2005-23.pdf

/** Something counted: `count` is at most `error` too high. */
export interface Counted<O> {
  readonly key: string
  readonly owner: O
  readonly count: number
  readonly error: number
}

/**
 * Counts the most frequent of many keys in a bounded place: a key not counted yet takes over the count of the least
 * frequent one. Whatever makes up more than one in `capacity` of all is among them.
 */
export class SpaceSaving<O> {
  readonly #capacity: number
  // A heap by count, the least on top, in columns.
  #keys: string[] = []
  #owners: O[] = []
  #counts: number[] = []
  #errors: number[] = []
  #places = new Map<string, number>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#keys.length
  }

  add(key: string, owner: O): void {
    const known = this.#places.get(key)
    if (known !== undefined) {
      this.#counts[known]++
      this.#sink(known)
    } else if (this.#keys.length < this.#capacity) this.#append(key, owner, 1, 0)
    else {
      this.#places.delete(this.#keys[0])
      this.#keys[0] = key
      this.#owners[0] = owner
      this.#errors[0] = this.#counts[0]
      this.#counts[0]++
      this.#places.set(key, 0)
      this.#sink(0)
    }
  }

  *all(): Generator<Counted<O>> {
    for (let i = 0; i < this.#keys.length; i++)
      yield { key: this.#keys[i], owner: this.#owners[i], count: this.#counts[i], error: this.#errors[i] }
  }

  /** Starts anew with `entries`, which must be a heap or in order of their counts. */
  reset(entries: Iterable<Counted<O>>): void {
    this.#keys = []
    this.#owners = []
    this.#counts = []
    this.#errors = []
    this.#places.clear()
    for (const { key, owner, count, error } of entries) this.#append(key, owner, count, error)
  }

  #append(key: string, owner: O, count: number, error: number): void {
    const at = this.#keys.length
    this.#keys.push(key)
    this.#owners.push(owner)
    this.#counts.push(count)
    this.#errors.push(error)
    this.#places.set(key, at)
    this.#rise(at)
  }

  #rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (this.#counts[parent] <= this.#counts[at]) return
      this.#swap(at, parent)
      at = parent
    }
  }

  #sink(from: number): void {
    const { length } = this.#counts
    for (let at = from; ; ) {
      let least = at
      const left = 2 * at + 1
      if (left < length && this.#counts[left] < this.#counts[least]) least = left
      if (left + 1 < length && this.#counts[left + 1] < this.#counts[least]) least = left + 1
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    swapIn(this.#keys, a, b)
    swapIn(this.#owners, a, b)
    swapIn(this.#counts, a, b)
    swapIn(this.#errors, a, b)
    this.#places.set(this.#keys[a], a)
    this.#places.set(this.#keys[b], b)
  }
}

function swapIn<T>(column: T[], a: number, b: number): void {
  const kept = column[a]
  column[a] = column[b]
  column[b] = kept
}
