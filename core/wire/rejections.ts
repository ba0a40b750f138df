import { count } from '../plural.ts'

/** Items that were not taken out of one request, by reason. */
export class Rejections<Reason extends string> {
  readonly items = new Map<Reason, number>()
  readonly #texts: Readonly<Record<Reason, string>>
  readonly #item: string
  readonly #place: string
  readonly #first = new Map<Reason, string>()

  /**
   * @param texts the reasons in words that follow "3 points"
   * @param item its name for the sender
   * @param place the kind of thing that items are in
   */
  constructor(texts: Readonly<Record<Reason, string>>, item = 'point', place = 'metric') {
    this.#texts = texts
    this.#item = item
    this.#place = place
  }

  /** @param place name of the metric or scope */
  add(reason: Reason, items: number, place: string): void {
    if (!this.#first.has(reason)) this.#first.set(reason, place)
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
      const first = this.#first.get(reason)
      const where = first ? `, first in ${this.#place} "${first}"` : ''
      parts.push(`${count(items, this.#item)} ${this.#texts[reason]}${where}`)
    }
    return parts.join('; ')
  }
}
