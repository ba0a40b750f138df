import type { Block } from '../../sdk/plugin/index.ts'

type Listener = (earliestMs: number) => void

/** Tells from which time on points were written, so that results of queries that have older ones can be used again. */
export class WrittenTimes {
  readonly #listeners = new Set<Listener>()

  /** Returns a function that ends it. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Called once the store has the block, or may have a part of it. */
  wrote(block: Block): void {
    if (this.#listeners.size === 0 || block.type !== 'points' || block.length === 0) return
    let earliest = Number.POSITIVE_INFINITY
    for (let i = 0; i < block.length; i++) if (block.time[i] < earliest) earliest = block.time[i]
    for (const listener of this.#listeners) listener(Math.floor(earliest))
  }
}
