import { count } from '../plural.ts'

/** Points that were not taken out of one request, by reason. */
export class Rejections<Reason extends string> {
  readonly items = new Map<Reason, number>()
  readonly #texts: Readonly<Record<Reason, string>>
  readonly #metrics = new Map<Reason, string>()

  /** @param texts the reasons in words that follow "3 points" */
  constructor(texts: Readonly<Record<Reason, string>>) {
    this.#texts = texts
  }

  add(reason: Reason, items: number, metric: string): void {
    if (!this.#metrics.has(reason)) this.#metrics.set(reason, metric)
    this.items.set(reason, (this.items.get(reason) ?? 0) + items)
  }

  get total(): number {
    let total = 0
    for (const items of this.items.values()) total += items
    return total
  }

  /** A text for the sender; empty if all was well. */
  describe(): string {
    const parts = []
    for (const [reason, items] of this.items) {
      const metric = this.#metrics.get(reason)
      parts.push(`${count(items, 'point')} ${this.#texts[reason]}${metric ? `, first in metric "${metric}"` : ''}`)
    }
    return parts.join('; ')
  }
}
