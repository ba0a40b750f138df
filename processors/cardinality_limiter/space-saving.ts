// Space-Saving, Metwally et al. 2005, https://www.cs.ucsb.edu/sites/default/files/documents/2005-23.pdf

/** Something counted: `count` is at most `error` too high. */
export interface Counted<O> {
  readonly key: string
  readonly owner: O
  readonly count: number
  readonly error: number
}

interface Entry<O> {
  key: string
  owner: O
  count: number
  error: number
  /** Its position in the heap. */
  position: number
}

/**
 * Counts the most frequent of many keys in a bounded place: a key not counted yet takes over the count of the least
 * frequent one. Whatever makes up more than one in `capacity` of all is among them.
 */
export class SpaceSaving<O> {
  readonly #capacity: number
  /** By count, the least on top. */
  #heap: Entry<O>[] = []
  #entries = new Map<string, Entry<O>>()

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#heap.length
  }

  add(key: string, owner: O): void {
    const known = this.#entries.get(key)
    if (known !== undefined) {
      known.count++
      this.#sink(known)
    } else if (this.#heap.length < this.#capacity) this.#append({ key, owner, count: 1, error: 0, position: 0 })
    else {
      const least = this.#heap[0]
      this.#entries.delete(least.key)
      least.key = key
      least.owner = owner
      least.error = least.count++
      this.#entries.set(key, least)
      this.#sink(least)
    }
  }

  *all(): Generator<Counted<O>> {
    for (const { key, owner, count, error } of this.#heap) yield { key, owner, count, error }
  }

  /** Starts anew with `entries`, which must be a heap or in order of their counts. */
  reset(entries: Iterable<Counted<O>>): void {
    this.#heap = []
    this.#entries.clear()
    for (const { key, owner, count, error } of entries) this.#append({ key, owner, count, error, position: 0 })
  }

  #append(entry: Entry<O>): void {
    this.#entries.set(entry.key, entry)
    let position = this.#heap.length
    for (; position > 0; ) {
      const above = (position - 1) >> 1
      const parent = this.#heap[above]
      if (parent.count <= entry.count) break
      this.#heap[position] = parent
      parent.position = position
      position = above
    }
    this.#heap[position] = entry
    entry.position = position
  }

  /** Moves an entry whose count has grown down the heap. */
  #sink(entry: Entry<O>): void {
    const heap = this.#heap
    let { position } = entry
    for (;;) {
      let below = 2 * position + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && heap[below + 1].count < heap[below].count) below++
      const child = heap[below]
      if (child.count >= entry.count) break
      heap[position] = child
      child.position = position
      position = below
    }
    heap[position] = entry
    entry.position = position
  }
}
