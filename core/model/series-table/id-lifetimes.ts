import type { Stepwise } from '../stepwise.ts'
import { IdColumn } from './id-column.ts'
import { type KeyTable, UNKNOWN } from './key-table.ts'

/** Removing one takes up to some 50 µs, if its series has very many attributes. */
const IDS_PER_STEP = 32
const NEVER = 0

/** As long as anybody refers to it, ids that were seen in its epoch or later mean what they meant. */
export class Lease {
  readonly epoch: number

  constructor(epoch: number) {
    this.epoch = epoch
  }
}

/** A state that has ids for longer than any block. */
export interface IdHolder {
  /** Calls `hold` with each id that it has: at once, or in steps if these may be very many. */
  holdIds(hold: (id: number) => void): Stepwise<void> | void
}

/**
 * Removes ids that nobody uses any more. A block refers to the lease of the epoch in which its ids were found. A state
 * is an {@link IdHolder}. Both are held weakly, so that nobody has to say when they end: an id goes if it was neither
 * seen nor held since all blocks of its time are gone.
 */
export class IdLifetimes {
  readonly #table: KeyTable
  readonly #remove: (id: number) => void
  #current: Lease
  /** Of earlier epochs. */
  #leases: WeakRef<Lease>[] = []
  #holders: WeakRef<IdHolder>[] = []
  /** By id: the last epoch that began when a state held it. */
  readonly #heldIn = new IdColumn(NEVER)

  /** @param remove called for each id just before the table removes it */
  constructor(table: KeyTable, remove: (id: number) => void) {
    this.#table = table
    this.#remove = remove
    this.#current = new Lease(table.epoch)
  }

  /** To be kept with ids found from now on. */
  get lease(): Lease {
    return this.#current
  }

  /** Held weakly. */
  addHolder(holder: IdHolder): void {
    this.#holders.push(new WeakRef(holder))
  }

  /** The id counts as held by a state since this epoch began. */
  hold(id: number): void {
    this.#heldIn.set(id, this.#table.epoch)
  }

  /** True if blocks of an earlier epoch are there, or the garbage collector has not looked at them yet. */
  get hasOldBlocks(): boolean {
    return this.#oldestLease() < this.#current.epoch
  }

  get bytes(): number {
    return this.#heldIn.bytes
  }

  /**
   * Begins an epoch, and removes ids not seen in the last epochs.
   * @param idle number of these epochs, without the new one; 1 at least
   * @param isPinned asked before an id goes: true if it must stay
   */
  *expire(idle: number, isPinned: (id: number) => boolean): Stepwise<void> {
    const table = this.#table
    table.epoch++
    // Before states are asked: one may get an id later of a block that is gone when all have been.
    const before = Math.min(this.#oldestLease(), table.epoch - idle)
    yield* this.#holdAll()
    this.#beginLease()
    yield* this.#expireLinked(before, isPinned)
    for (let id = 0; id < table.length; id++) {
      if (id % IDS_PER_STEP === IDS_PER_STEP - 1) yield
      if (!table.isUsed(id) || table.linkOf(id) !== UNKNOWN) continue
      if (this.#heldIn.get(id) < before && table.seen(id) < before) this.#expireUnless(isPinned, id)
    }
  }

  /**
   * First those that are linked to others: what is known of one must not outlive its base, whose id is used again at once.
   * The bases of the others are held.
   */
  *#expireLinked(before: number, isPinned: (id: number) => boolean): Stepwise<void> {
    const table = this.#table
    for (let id = 0; id < table.length; id++) {
      if (id % IDS_PER_STEP === IDS_PER_STEP - 1) yield
      const base = table.linkOf(id)
      if (base === UNKNOWN) continue
      if (this.#heldIn.get(id) < before) this.#expireUnless(isPinned, id)
      if (this.#heldIn.get(id) > this.#heldIn.get(base)) this.#heldIn.set(base, this.#heldIn.get(id))
    }
  }

  #expireUnless(isPinned: (id: number) => boolean, id: number): void {
    if (isPinned(id)) return this.hold(id)
    this.#remove(id)
    this.#table.remove(id)
    this.#heldIn.clear(id)
  }

  // Not before all states were asked: a block may have an id of a state that has not been, and gives it up before that.
  #beginLease(): void {
    this.#leases.push(new WeakRef(this.#current))
    this.#current = new Lease(this.#table.epoch)
  }

  // One state after the other: an id that one hands to another meanwhile may be missed in both. It stays, since it was
  // held or seen in the epoch before. States that are added meanwhile are asked too.
  *#holdAll(): Stepwise<void> {
    const hold = (id: number) => this.hold(id)
    this.#holders = this.#holders.filter(one => one.deref() !== undefined)
    for (const one of this.#holders) {
      const steps = one.deref()?.holdIds(hold)
      if (steps !== undefined) yield* steps
      yield
    }
  }

  #oldestLease(): number {
    this.#leases = this.#leases.filter(lease => lease.deref() !== undefined)
    return this.#leases[0]?.deref()?.epoch ?? this.#current.epoch
  }
}
