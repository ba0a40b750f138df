/** The figures of an account, as plain data. */
export type AccountFigures = Readonly<Record<Column, number>> & { readonly dropped: ReadonlyMap<string, number> }

const COLUMNS = ['received', 'produced', 'sent', 'absorbed', 'refused', 'inFlight'] as const
type Column = (typeof COLUMNS)[number]

/**
 * One component's side of the ledger, in items (points or events). Every item that came in is somewhere:
 *
 *     received + produced = sent + absorbed + dropped + refused + inFlight
 *
 * - `received`: came in.
 * - `produced`: made here, such as a window's counts.
 * - `sent`: forwarded, or stored by the backend.
 * - `absorbed`: lives on inside produced items.
 * - `dropped`: gone, by reason.
 * - `refused`: nacked; the sender has it still.
 */
export class Account {
  received = 0
  produced = 0
  sent = 0
  absorbed = 0
  refused = 0
  inFlight = 0
  #dropped = new Map<string, number>()

  /** `reason`: a few lower_snake_case words that do not vary with the data. */
  drop(reason: string, items = 1): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + items)
  }

  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped
  }

  get figures(): AccountFigures {
    const { received, produced, sent, absorbed, refused, inFlight } = this
    return { received, produced, sent, absorbed, refused, inFlight, dropped: new Map(this.#dropped) }
  }

  /** Books the difference between two states of an account that is a part of this one. */
  add(before: AccountFigures, after: AccountFigures): void {
    for (const column of COLUMNS) this[column] += after[column] - before[column]
    for (const [reason, items] of after.dropped) this.drop(reason, items - (before.dropped.get(reason) ?? 0))
  }

  get droppedTotal(): number {
    let total = 0
    for (const items of this.#dropped.values()) total += items
    return total
  }

  /** Items nobody can account for: 0, or a bug. */
  get imbalance(): number {
    return this.received + this.produced - this.sent - this.absorbed - this.droppedTotal - this.refused - this.inFlight
  }
}
