import type { Batch } from '../../batch/batch.ts'
import type { CreditPool, Permit } from '../../batch/credits.ts'
import {
  ACKED,
  type Origin,
  type Outcome,
  type Settlement,
  type SettlementWatch,
  type Watchable,
  type WatchedHandle
} from '../../batch/settlement.ts'
import { type Block, blockBytes } from '../../model/block.ts'
import type { Account } from '../../telemetry/account.ts'

/** A batch inside an operator. */
export interface HeldBatch {
  readonly origin: Origin
  readonly block: Block
  /** When it came in, Unix ms. */
  readonly time: number
}

export interface HandlesHost {
  readonly account: Account
  /** Tells when nobody has the handle any more. */
  readonly collected: FinalizationRegistry<HeldHandle>
  /** Those open, in the order in which they were made. */
  readonly open: Set<HeldHandle>
}

/**
 * The handles of one settlement: those of a batch that the operator was given, or of one derived from others. If the
 * settlement is nacked, the batch comes back whole. Some of its items may have gone on by then: sent, dropped or
 * absorbed. They are there twice, so they are booked as produced.
 */
export class HandleGroup implements SettlementWatch {
  /** Batches given to the operator that it is a part of. There are several if they were merged. */
  readonly held: readonly Held[]
  /** Handles of the batches that it was derived from. */
  readonly parents: readonly HeldHandle[]
  readonly #host: HandlesHost
  /** Nacked, in flight until all others have ended. */
  readonly #nacked: Block[] = []

  constructor(host: HandlesHost, held: readonly Held[], parents: readonly HeldHandle[] = []) {
    this.held = held
    this.parents = parents
    this.#host = host
  }

  opened(handle: Watchable, settlement: Settlement): HeldHandle {
    const { account, collected, open } = this.#host
    const { block } = handle
    const sources = this.parents.length === 0 ? this.held : this.parents
    if (sources.length === 1 && sources[0].block !== block) account.inherit(sources[0].block, block)
    const opened = new HeldHandle(block, this, settlement, this.#host)
    collected.register(handle, opened)
    open.add(opened)
    return opened
  }

  derived(batches: readonly Watchable[]): HandleGroup {
    const parents = batches.map(({ watched }) => watched).filter(watched => watched instanceof HeldHandle)
    for (const parent of parents) parent.derived()
    return new HandleGroup(this.#host, [...new Set(parents.flatMap(({ group }) => group.held))], parents)
  }

  ended({ status }: Outcome): void {
    if (status !== 'nacked') return
    const { account } = this.#host
    for (const block of this.#nacked)
      account.book(block, items => {
        account.inFlight -= items
        account.produced -= items
      })
    for (const parent of this.parents) parent.cameBack()
    if (this.parents.length > 0) return
    for (const { block } of this.held)
      account.book(block, items => {
        account.produced += items
        account.refused += items
      })
  }

  /** Its items are in flight. */
  nacked(block: Block): void {
    this.#nacked.push(block)
  }
}

/** An open handle inside an operator, whose items are booked. */
export class HeldHandle implements WatchedHandle {
  readonly block: Block
  readonly group: HandleGroup
  readonly #settlement: Settlement
  readonly #host: HandlesHost
  isVoid = false
  /** Emitted batches made of it that have not settled. */
  lent = 0
  /** Batches derived of it that were not nacked. They have its items. */
  #copies = 0
  /** The operator took or dropped it, and answers for its items. */
  #isTaken = false

  constructor(block: Block, group: HandleGroup, settlement: Settlement, host: HandlesHost) {
    this.block = block
    this.group = group
    this.#settlement = settlement
    this.#host = host
    for (const one of group.held) one.handles.add(this)
    const { account } = host
    account.book(block, items => (account.inFlight += items))
  }

  get isOpen(): boolean {
    return this.#host.open.has(this)
  }

  get isLent(): boolean {
    return this.lent > 0
  }

  /** Open handles of the batches that it was derived from, at any remove. What has ended does not depend on it. */
  *ancestors(): Generator<HeldHandle> {
    for (const parent of this.group.parents) {
      if (!parent.isOpen) continue
      yield parent
      yield* parent.ancestors()
    }
  }

  /** A batch was derived of it. */
  derived(): void {
    this.#moveOn()
    this.#copies++
  }

  /** A batch derived of it was nacked. */
  cameBack(): void {
    if (--this.#copies > 0) return
    const { account } = this.#host
    if (this.isOpen) account.book(this.block, items => (account.inFlight += items))
    if (this.isOpen || this.#isTaken) account.book(this.block, items => (account.produced += items))
  }

  spent(outcome?: Outcome): void {
    if (outcome === undefined) this.#moveOn()
    else this.#end(outcome)
    this.#host.open.delete(this)
    for (const one of this.group.held) one.handles.delete(this)
  }

  /** A batch that it was emitted as has settled. */
  returned(outcome: Outcome): void {
    const { account } = this.#host
    if (outcome.status !== 'nacked') return this.#endedInPart()
    account.book(this.block, items => (account.inFlight += items))
    this.group.nacked(this.block)
  }

  giveUp(outcome: Outcome): void {
    this.isVoid = true
    this.spent(outcome)
    this.#settlement.close(outcome)
  }

  /** Another owner has its items now. */
  release(): void {
    const { account } = this.#host
    if (this.#hasItems) account.book(this.block, items => (account.sent += items))
    this.giveUp(ACKED)
  }

  get #hasItems(): boolean {
    return this.isOpen && this.#copies === 0
  }

  /** Its items are to be booked elsewhere. If it has none any more, they are there once more. */
  #moveOn(): void {
    const { account } = this.#host
    const hasItems = this.#hasItems
    account.book(this.block, items => {
      if (hasItems) account.inFlight -= items
      else account.produced += items
    })
  }

  #end({ status }: Outcome): void {
    const { account } = this.#host
    if (status !== 'nacked') {
      this.#isTaken = !this.isVoid
      this.#endedInPart()
    }
    if (!this.#hasItems) return
    if (status === 'nacked') this.group.nacked(this.block)
    else account.book(this.block, items => (account.inFlight -= items))
  }

  #endedInPart(): void {
    for (const one of this.group.held) one.isPartial = true
  }
}

/** A batch that the operator was given. It is inside while one of its handles is. */
export class Held implements HeldBatch {
  readonly origin: Origin
  readonly block: Block
  readonly time: number
  /** Settlements that have a handle that ends as this batch does. */
  readonly up: readonly Settlement[]
  /** Those that have neither ended nor been emitted. */
  readonly handles = new Set<HeldHandle>()
  /** Batches of it that were emitted and have not settled. */
  out = 0
  /** True if some of it has ended. */
  isPartial = false
  #hasSettled = false
  readonly #credits: CreditPool
  readonly #bytes: number
  /** While it is inside. */
  #permit: Permit | undefined

  constructor({ origin, block, settlement }: Batch, time: number, credits: CreditPool) {
    this.origin = origin
    this.block = block
    this.time = time
    this.up = [settlement]
    this.#credits = credits
    this.#bytes = blockBytes(block)
  }

  get isInside(): boolean {
    if (this.#hasSettled) return false
    for (const { isLent } of this.handles) if (!isLent) return true
    return false
  }

  get isWhole(): boolean {
    return this.out === 0 && !this.isPartial
  }

  /** Pays while it is inside. */
  update(): void {
    if (this.isInside) this.#permit ??= this.#credits.tryTake(this.#bytes)
    else {
      this.#permit?.release()
      this.#permit = undefined
    }
  }

  settled(): void {
    this.#hasSettled = true
    this.update()
  }
}
