import { DistinctCounter } from '../../../core/model/sketch/distinct-counter.ts'

/** The union of sets, the first of which is of a span of time. */
export interface SpanSet {
  /** The number of that span. */
  readonly span: number
  readonly members: DistinctCounter
  /** How many sets it is the union of. */
  readonly sets: number
  /** How many members the one set has, if it is one: stored exactly, where registers give an estimate. */
  readonly number: number
}

/**
 * The number of members in a window that moves on. Takes time linear in the sets, whatever the width: two stacks, of which
 * the older one has its unions ready.
 */
export class SlidingUnion {
  /** Each is the union of a set and all later ones, with its span. The last one has the oldest set. */
  readonly #older: SpanSet[] = []
  readonly #newer: SpanSet[] = []
  #newest: SpanSet | undefined

  /** @param set of a later span than all before */
  push(set: SpanSet): void {
    this.#newer.push(set)
    this.#newest = joined(set, this.#newest)
  }

  /** Removes the sets of spans before `span`. */
  dropBefore(span: number): void {
    for (;;) {
      if (this.#older.length === 0) this.#turnOver()
      const oldest = this.#older.at(-1)
      if (oldest === undefined || oldest.span >= span) return
      this.#older.pop()
    }
  }

  /** Undefined if there are no sets. */
  count(): number | undefined {
    const oldest = this.#older.at(-1)
    const all = oldest === undefined ? this.#newest : joined(oldest, this.#newest)
    if (all === undefined) return undefined
    return all.sets === 1 ? all.number : all.members.count()
  }

  #turnOver(): void {
    for (let set = this.#newer.pop(); set !== undefined; set = this.#newer.pop())
      this.#older.push(joined(set, this.#older.at(-1)))
    this.#newest = undefined
  }
}

function joined(set: SpanSet, other: SpanSet | undefined): SpanSet {
  if (other === undefined) return set
  const members = new DistinctCounter()
  members.merge(set.members)
  members.merge(other.members)
  return { span: set.span, members, sets: set.sets + other.sets, number: set.number }
}
