import type { Block } from '../model/block.ts'

/** Somebody who looks at the blocks that pass. It keeps nothing of a block once `passed` returns. */
export interface Watcher {
  passed(block: Block): void
  /** Nothing passes any more: the component is gone. */
  ended(): void
}

/** The blocks that a component receives, or those that it sends. While nobody watches, a block costs one comparison. */
export class Edge {
  /** The newest time of items that passed {@link timed}, Unix ms; 0 before the first. Times ahead of the clock are no news. */
  newest = 0
  #watchers: readonly Watcher[] = []

  pass(block: Block): void {
    for (const watcher of this.#watchers) watcher.passed(block)
  }

  /** {@link pass}, for edges that data enters or leaves Weir by. */
  timed(block: Block, now: number): void {
    const newest = newestIn(block, Number.POSITIVE_INFINITY)
    this.newest = Math.max(this.newest, newest <= now ? newest : newestIn(block, now))
    this.pass(block)
  }

  /** Returns a function that ends it. */
  watch(watcher: Watcher): () => void {
    this.#watchers = [...this.#watchers, watcher]
    return () => {
      this.#watchers = this.#watchers.filter(other => other !== watcher)
    }
  }

  /** Nothing passes any more. */
  end(): void {
    const watchers = this.#watchers
    this.#watchers = []
    for (const watcher of watchers) watcher.ended()
  }
}

/** Both sides of a component. */
export class Edges {
  readonly received = new Edge()
  readonly sent = new Edge()

  end(): void {
    this.received.end()
    this.sent.end()
  }
}

/** The newest time up to `until`; 0 if there is none. */
function newestIn({ time, length }: Block, until: number): number {
  let newest = 0
  for (let i = 0; i < length; i++) if (time[i] > newest && time[i] <= until) newest = time[i]
  return newest
}
