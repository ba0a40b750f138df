const INITIAL_CAPACITY = 64

/**
 * Sums of one window, by group slot. An open-addressing table whose hash is the slot itself: slots are dense, so where
 * most groups are active it is as good as an array, and where few are it stays small.
 */
export class Pane {
  size = 0
  /** Slot + 1; 0 where empty. */
  keys = new Int32Array(INITIAL_CAPACITY)
  sums = new Float64Array(INITIAL_CAPACITY)
  counts = new Float64Array(INITIAL_CAPACITY)

  add(slot: number, sum: number, count: number): void {
    const { keys } = this
    const mask = keys.length - 1
    const key = slot + 1
    let at = slot & mask
    while (keys[at] !== key) {
      if (keys[at] === 0) return this.#insert(slot, sum, count)
      at = (at + 1) & mask
    }
    this.sums[at] += sum
    this.counts[at] += count
  }

  addAll(other: Pane): void {
    const { keys, sums, counts } = other
    for (let at = 0; at < keys.length; at++) if (keys[at] !== 0) this.add(keys[at] - 1, sums[at], counts[at])
  }

  get bytes(): number {
    return this.keys.length * 20
  }

  #insert(slot: number, sum: number, count: number): void {
    if (this.size * 2 >= this.keys.length) this.#grow()
    const { keys } = this
    const mask = keys.length - 1
    let at = slot & mask
    while (keys[at] !== 0) at = (at + 1) & mask
    keys[at] = slot + 1
    this.sums[at] = sum
    this.counts[at] = count
    this.size++
  }

  #grow(): void {
    const { keys, sums, counts } = this
    this.keys = new Int32Array(keys.length * 2)
    this.sums = new Float64Array(keys.length * 2)
    this.counts = new Float64Array(keys.length * 2)
    this.size = 0
    for (let at = 0; at < keys.length; at++) if (keys[at] !== 0) this.#insert(keys[at] - 1, sums[at], counts[at])
  }
}
