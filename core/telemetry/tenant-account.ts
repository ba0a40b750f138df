import type { Block } from '../model/block.ts'
import type { Range } from '../model/ranges.ts'
import { Account, type AccountFigures, NO_FIGURES } from './account.ts'
import type { TenantShares } from './tenant-shares.ts'

/** Items that nobody can say whose they are, such as those refused before their tenant was known. */
const NOBODY = ''

/**
 * An account that also has the books of each tenant. What is booked meanwhile belongs to the tenant at hand: the difference
 * between two states goes to its books when another has its turn.
 */
export class TenantAccount extends Account {
  readonly #shares: TenantShares
  readonly #books = new Map<string, Account>()
  readonly #changed = new Set<string>()
  #tenant = NOBODY
  #booked = NO_FIGURES
  #bookedDrops = 0

  constructor(shares: TenantShares) {
    super()
    this.#shares = shares
  }

  /** The books of each tenant that had an item here. */
  get tenants(): ReadonlyMap<string, Account> {
    this.#turnTo(this.#tenant)
    return this.#books
  }

  override book(block: Block, change: (items: number) => void, ranges?: readonly Range[]): void {
    const shares = ranges === undefined ? this.#shares.of(block) : this.#shares.ofRanges(block, ranges)
    // What is made of a tenant's items is booked as its own, though it may not be named in them any more.
    for (const [tenant, items] of shares) this.as(tenant === NOBODY ? this.#tenant : tenant, () => change(items))
  }

  override during<T>(block: Block, work: () => T): T {
    const [tenant = NOBODY, ...others] = this.#shares.of(block).keys()
    return this.as(others.length === 0 ? tenant : NOBODY, work)
  }

  override inherit(block: Block, made: Block): void {
    this.#shares.inherit(block, made)
  }

  override parts(block: Block): readonly Block[] | undefined {
    return this.#shares.parts(block)
  }

  override as<T>(tenant: string, work: () => T): T {
    const before = this.#tenant
    this.#turnTo(tenant)
    try {
      return work()
    } finally {
      this.#turnTo(before)
    }
  }

  override report(): AccountFigures {
    const all = this.tenants
    const tenants = new Map([...this.#changed].map(tenant => [tenant, all.get(tenant)!.figures]))
    this.#changed.clear()
    return { ...this.figures, tenants }
  }

  override add(before: AccountFigures, after: AccountFigures): void {
    if (after.tenants === undefined) return super.add(before, after)
    for (const [tenant, figures] of after.tenants)
      this.as(tenant, () => super.add(before.tenants?.get(tenant) ?? NO_FIGURES, figures))
  }

  #turnTo(tenant: string): void {
    if (this.#hasChanged()) {
      const { figures } = this
      let own = this.#books.get(this.#tenant)
      if (own === undefined) this.#books.set(this.#tenant, (own = new Account()))
      own.add(this.#booked, figures)
      this.#booked = figures
      this.#bookedDrops = this.droppedTotal
      this.#changed.add(this.#tenant)
    }
    this.#tenant = tenant
  }

  #hasChanged(): boolean {
    const { received, produced, sent, absorbed, refused, inFlight } = this.#booked
    return (
      this.received !== received ||
      this.sent !== sent ||
      this.inFlight !== inFlight ||
      this.produced !== produced ||
      this.absorbed !== absorbed ||
      this.refused !== refused ||
      this.droppedTotal !== this.#bookedDrops
    )
  }
}
