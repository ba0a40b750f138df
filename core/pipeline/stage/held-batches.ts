import { Batch } from '../../batch/batch.ts'
import type { CreditPool } from '../../batch/credits.ts'
import { type Outcome, Settlement, type SettlementToken, tokensOf } from '../../batch/settlement.ts'
import { WeirError } from '../../errors.ts'
import type { Account } from '../../telemetry/account.ts'
import { HandleGroup, type HandlesHost, Held, type HeldBatch, HeldHandle } from './held-handles.ts'

export interface HeldBatchesHost {
  /** Has the items inside as in flight, and those that go in and out. */
  readonly account: Account
  /** Pays for blocks inside the operator; it has to give more than it has. */
  readonly heldCredits: CreditPool
  /** Nobody has the handle of a batch any more, so it was nacked. */
  onDropped(error: Error): void
}

/**
 * The batches inside an operator that nobody can look into: given to it, and not yet wholly emitted or ended. They are
 * known by their handles. A handle is inside until it ends or is emitted, and not while a batch made of it is on its
 * way.
 */
export class HeldBatches {
  #host: HeldBatchesHost
  #held = new Set<Held>()
  /** Emitted batches that were made of none the operator was given: which of those are in it nobody knows. */
  #unlinked = 0
  #handles: HandlesHost

  constructor(host: HeldBatchesHost) {
    this.#host = host
    this.#handles = {
      account: host.account,
      collected: new FinalizationRegistry(handle => this.#dropped(handle)),
      open: new Set()
    }
  }

  /** Those inside, in the order in which they came. */
  get inside(): readonly HeldBatch[] {
    return [...this.#held].filter(held => held.isInside)
  }

  get isEmpty(): boolean {
    for (const held of this.#held) if (held.isInside) return false
    return true
  }

  /** True if each batch is inside as a whole, or wholly emitted. Otherwise only a later moment can be written down. */
  get areWhole(): boolean {
    for (const held of this.#held) if (held.isInside && !held.isWhole) return false
    return this.#unlinked === 0
  }

  /** Owns `batch`. Returns the handle that the operator is given in its place. */
  take(batch: Batch, time: number): Batch {
    const held = new Held(batch, time, this.#host.heldCredits)
    const settle = (outcome: Outcome) => {
      held.settled()
      this.#held.delete(held)
      batch.settle(outcome)
    }
    const settlement = new Settlement(batch.origin, settle, { up: held.up })
    this.#held.add(held)
    settlement.watch = new HandleGroup(this.#handles, [held])
    const handle = Batch.on(settlement, batch.block)
    held.update()
    return handle
  }

  /**
   * Owns a batch that the operator emitted. Returns the batch to forward in its place, or undefined if it was nacked
   * meanwhile. Throws if it was emitted before.
   */
  emit(emitted: Batch): Batch | undefined {
    const { origin, block, watched } = emitted
    if (watched?.isVoid) return undefined
    const own = watched instanceof HeldHandle ? watched : undefined
    const lent = [...(own?.ancestors() ?? [])]
    const sources = own?.group.held ?? []
    const { account } = this.#host
    const settlement = emitted.pass()
    account.book(block, items => (account.sent += items))
    if (own === undefined) this.#unlinked++
    for (const handle of lent) handle.lent++
    for (const held of sources) held.out++
    for (const held of sources) held.update()
    const settle = (outcome: Outcome) => {
      if (own === undefined) this.#unlinked--
      for (const handle of lent) handle.lent--
      for (const held of sources) held.out--
      if (outcome.status === 'nacked') account.book(block, items => (account.sent -= items))
      own?.returned(outcome)
      settlement.close(outcome)
      for (const held of sources) held.update()
    }
    return Batch.on(new Settlement(origin, settle, { up: [settlement] }), block)
  }

  /** Settlements that depend on nothing but the batches inside. */
  get tokens(): Set<SettlementToken> {
    return tokensOf([...this.#held].filter(held => held.isInside && held.out === 0).flatMap(held => held.up))
  }

  /** Nacks the batches inside. Later calls of the operator on them have no effect. */
  abandon(error: Error): void {
    this.#endAll(handle => handle.giveUp({ status: 'nacked', error }))
  }

  /** Ends the batches inside as taken: another owner has them now. */
  release(): void {
    this.#endAll(handle => handle.release())
  }

  #endAll(end: (handle: HeldHandle) => void): void {
    for (const handle of [...this.#handles.open]) if (handle.isOpen && !handle.isLent) end(handle)
    for (const held of this.#held) held.update()
  }

  // An operator that lets go of a batch without ending it, as `filter` does, would hold up checkpoints for good.
  #dropped(handle: HeldHandle): void {
    if (!handle.isOpen) return
    const error = new WeirError(
      'COMPONENT_FAILED',
      'the operator lost a batch: an operator that leaves out a batch must end it, by ack() or drop(reason)'
    )
    this.#host.onDropped(error)
    handle.giveUp({ status: 'nacked', error })
  }
}
