import { Pane, type PaneLayout } from './pane.ts'

/**
 * Panes by number, and the sums of any run of them. Runs are put together of sums of 2, 4, 8 … neighbours, which are made
 * when first needed. So windows that overlap cost the logarithm of their panes. The order of additions depends on the
 * panes alone.
 */
export class PaneTree {
  readonly panes = new Map<number, Pane>()
  #layout: PaneLayout
  /** By height: sums of 2^height panes, by the number of the first of them divided by as many. */
  #sums: Map<number, Pane>[]

  /** @param longest run that will be asked for, in panes */
  constructor(longest: number, layout: PaneLayout) {
    this.#layout = layout
    this.#sums = Array.from({ length: Math.floor(Math.log2(longest)) + 1 }, () => new Map())
  }

  /** The pane of that number, to add to. */
  change(number: number): Pane {
    for (let height = 1; height < this.#sums.length; height++)
      this.#sums[height].delete(Math.floor(number / 2 ** height))
    let pane = this.panes.get(number)
    if (pane === undefined) this.panes.set(number, (pane = new Pane(this.#layout)))
    return pane
  }

  /** The sum of the panes from `first` up to, not with, `end`; not to be changed. Undefined if there are none. */
  sum(first: number, end: number): Pane | undefined {
    let whole: Pane | undefined
    let isOwn = false
    for (let at = first; at < end; ) {
      let height = 0
      while (at % 2 ** (height + 1) === 0 && at + 2 ** (height + 1) <= end) height++
      const part = this.#sumAt(height, at / 2 ** height)
      at += 2 ** height
      if (part === undefined) continue
      if (whole === undefined) whole = part
      else {
        if (!isOwn) whole = whole.copy()
        isOwn = true
        whole.addAll(part)
      }
    }
    return whole
  }

  /** Expires the panes before `number`. */
  expireBefore(number: number): void {
    for (const key of this.panes.keys()) if (key < number) this.panes.delete(key)
    for (const [height, sums] of this.#sums.entries())
      for (const key of sums.keys()) if (key * 2 ** height < number) sums.delete(key)
  }

  /** Also those of sums. */
  *all(): Generator<Pane> {
    yield* this.panes.values()
    for (const sums of this.#sums) yield* sums.values()
  }

  #sumAt(height: number, index: number): Pane | undefined {
    if (height === 0) return this.panes.get(index)
    const known = this.#sums[height].get(index)
    if (known !== undefined) return known
    const left = this.#sumAt(height - 1, index * 2)
    const right = this.#sumAt(height - 1, index * 2 + 1)
    if (left === undefined || right === undefined) return left ?? right
    const sum = left.copy()
    sum.addAll(right)
    this.#sums[height].set(index, sum)
    return sum
  }
}
