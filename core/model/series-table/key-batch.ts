const INITIAL_CAPACITY = 1024

/** Keys to be found together, which is faster than one by one. All are in one piece of memory. */
export class KeyBatch {
  /** The memory that `starts` and `ends` are offsets of. */
  view: DataView = new DataView(new ArrayBuffer(0))
  length = 0
  parents = new Int32Array(INITIAL_CAPACITY)
  starts = new Int32Array(INITIAL_CAPACITY)
  ends = new Int32Array(INITIAL_CAPACITY)
  /** The answers. */
  ids = new Uint32Array(INITIAL_CAPACITY)

  /** Empties it, for keys in `view`. */
  begin(view: DataView): void {
    this.view = view
    this.length = 0
  }

  add(parent: number, start: number, end: number): void {
    if (this.length === this.parents.length) this.#grow()
    const i = this.length++
    this.parents[i] = parent
    this.starts[i] = start
    this.ends[i] = end
  }

  #grow(): void {
    const capacity = this.parents.length * 2
    const { parents, starts, ends, ids } = this
    this.parents = new Int32Array(capacity)
    this.starts = new Int32Array(capacity)
    this.ends = new Int32Array(capacity)
    this.ids = new Uint32Array(capacity)
    this.parents.set(parents)
    this.starts.set(starts)
    this.ends.set(ends)
    this.ids.set(ids)
  }
}
