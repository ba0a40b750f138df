import type { Block } from '../model/block.ts'
import { itemsIn, type Range } from '../model/ranges.ts'

/** The figures of an account, as plain data. */
export interface AccountFigures extends Readonly<Record<Column, number>> {
  readonly dropped: ReadonlyMap<string, number>
  /** Parts of them, by tenant: see {@link Account.report}. */
  readonly tenants?: ReadonlyMap<string, AccountFigures>
}

const COLUMNS = ['received', 'produced', 'sent', 'absorbed', 'refused', 'inFlight'] as const
type Column = (typeof COLUMNS)[number]

/**
 * One component's side of the ledger, in items (points or events). Every item that came in is somewhere:
 *
 *     received + produced = sent + absorbed + dropped + refused + inFlight
 *
 * - `received`: came in.
 * - `produced`: made here, such as a window's counts, or there twice: a part of a batch had gone on when it was nacked.
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
  #droppedTotal = 0

  /** `reason`: a few lower_snake_case words that do not vary with the data. */
  drop(reason: string, items = 1): void {
    this.#dropped.set(reason, (this.#dropped.get(reason) ?? 0) + items)
    this.#droppedTotal += items
  }

  /**
   * Books items of `block`, those in `ranges` or all: calls `change` with their number. If data belongs to tenants it is
   * called for each of them, with the number of the tenant's items.
   */
  book(block: Block, change: (items: number) => void, ranges?: readonly Range[]): void {
    change(ranges === undefined ? block.length : itemsIn(ranges))
  }

  /** Does `work` on `block`, whose items have one tenant or none. What `work` books is that tenant's. */
  during<T>(_block: Block, work: () => T): T {
    return work()
  }

  /** Does `work`. What it books is `tenant`'s. */
  as<T>(_tenant: string, work: () => T): T {
    return work()
  }

  /** All of `made` comes of `block`, and is its tenant's. */
  inherit(_block: Block, _made: Block): void {}

  /** `block` as blocks of one tenant each. Undefined if it is one. */
  parts(_block: Block): readonly Block[] | undefined {
    return undefined
  }

  get dropped(): ReadonlyMap<string, number> {
    return this.#dropped
  }

  get figures(): AccountFigures {
    const { received, produced, sent, absorbed, refused, inFlight } = this
    return { received, produced, sent, absorbed, refused, inFlight, dropped: new Map(this.#dropped) }
  }

  /** The figures for another thread, with those of all tenants whose figures have changed since the last report. */
  report(): AccountFigures {
    return this.figures
  }

  /** Books the difference between two states of an account that is a part of this one. */
  add(before: AccountFigures, after: AccountFigures): void {
    for (const column of COLUMNS) this[column] += after[column] - before[column]
    for (const [reason, items] of after.dropped) {
      const more = items - (before.dropped.get(reason) ?? 0)
      if (more !== 0) this.drop(reason, more)
    }
  }

  get droppedTotal(): number {
    return this.#droppedTotal
  }

  /** Items nobody can account for: 0, or a bug. */
  get imbalance(): number {
    return this.received + this.produced - this.sent - this.absorbed - this.droppedTotal - this.refused - this.inFlight
  }
}

/** Figures of an account in which nothing was booked. */
export const NO_FIGURES: AccountFigures = new Account().figures
