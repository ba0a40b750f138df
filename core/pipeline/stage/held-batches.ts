import { Batch } from '../../batch/batch.ts'
import type { CreditPool, Permit } from '../../batch/credits.ts'
import {
  type Origin,
  type Outcome,
  Settlement,
  type SettlementToken,
  tokensOf,
  type Watchable,
  type WatchedHandle
} from '../../batch/settlement.ts'
import { WeirError } from '../../errors.ts'
import { type Block, blockBytes } from '../../model/block.ts'

/** A batch inside an operator. */
export interface HeldBatch {
  readonly origin: Origin
  readonly block: Block
  /** When it came in, Unix ms. */
  readonly time: number
}

export interface HeldBatchesHost {
  /** Pays for blocks inside the operator; it has to give more than it has. */
  readonly heldCredits: CreditPool
  /** The items of `block` are inside the operator. */
  onInside(block: Block): void
  /** They are not inside any more. */
  onOutside(block: Block): void
  /** Items inside were nacked. */
  onRefused(block: Block): void
  /** A batch that was emitted has come back. */
  onReturned(block: Block): void
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
  #collected = new FinalizationRegistry<Handle>(handle => this.#dropped(handle))

  constructor(host: HeldBatchesHost) {
    this.#host = host
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
    const { origin, block } = batch
    const settle = (outcome: Outcome) => {
      held.leave()
      this.#held.delete(held)
      batch.settle(outcome)
    }
    const settlement = new Settlement(origin, settle, { up: [batch.settlement] })
    const held = new Held(origin, block, time, settlement, this.#host)
    this.#held.add(held)
    settlement.watch = (handle, of) => {
      const watched = new Handle(of === settlement ? [held] : heldOf(handle), handle, of, this.#host)
      this.#collected.register(handle, watched)
      return watched
    }
    const handle = Batch.on(settlement, block)
    held.update()
    return handle
  }

  /**
   * Owns a batch that the operator emitted. Returns the batch to forward in its place, or undefined if it was nacked
   * meanwhile. Throws if it was emitted before.
   */
  emit(emitted: Batch): Batch | undefined {
    const { origin, block, watched: own } = emitted
    if (own?.isVoid) return undefined
    const lent = [...ancestorsOf(emitted)]
    const sources = own instanceof Handle ? own.held : []
    const settlement = emitted.pass()
    if (sources.length === 0) this.#unlinked++
    for (const handle of lent) handle.lent++
    for (const held of sources) held.out++
    for (const held of sources) held.update()
    const settle = (outcome: Outcome) => {
      if (sources.length === 0) this.#unlinked--
      for (const handle of lent) handle.lent--
      for (const held of sources) held.out--
      if (outcome.status === 'nacked') this.#host.onReturned(block)
      if (own instanceof Handle) own.end(outcome)
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
    for (const held of [...this.#held]) held.abandon({ status: 'nacked', error })
  }

  /** Ends the batches inside as taken: another owner has them now. */
  release(): void {
    for (const held of [...this.#held]) held.abandon({ status: 'acked' })
  }

  // An operator that lets go of a batch without ending it, as `filter` does, would hold up checkpoints for good.
  #dropped(handle: Handle): void {
    if (!handle.isOpen) return
    const error = new WeirError(
      'COMPONENT_FAILED',
      'the operator lost a batch: an operator that leaves out a batch must end it, by ack() or drop(reason)'
    )
    this.#host.onDropped(error)
    handle.giveUp({ status: 'nacked', error })
  }
}

/** Watched handles of the batches that `batch` was made of, at any remove. */
function* ancestorsOf(batch: Watchable): Generator<Handle> {
  for (const parent of batch.parents) {
    const { watched } = parent
    if (watched instanceof Handle) yield watched
    yield* ancestorsOf(parent)
  }
}

/** Batches that `batch` was merged of, or derived from. */
function heldOf(batch: Watchable): Held[] {
  return [...new Set([...ancestorsOf(batch)].flatMap(({ held }) => held))]
}

class Handle implements WatchedHandle {
  /** Batches that it is a part of. There are several if they were merged. */
  readonly held: readonly Held[]
  /** Undefined for a merged or derived handle, which has the same items again. */
  readonly #block: Block | undefined
  readonly #settlement: Settlement
  readonly #host: HeldBatchesHost
  isOpen = true
  isVoid = false
  /** Emitted batches made of it that have not settled. */
  lent = 0

  constructor(held: readonly Held[], { block, parents }: Watchable, settlement: Settlement, host: HeldBatchesHost) {
    this.held = held
    this.#block = parents.length === 0 ? block : undefined
    this.#settlement = settlement
    this.#host = host
    for (const one of held) one.handles.add(this)
  }

  get isLent(): boolean {
    return this.lent > 0
  }

  spent(outcome?: Outcome): void {
    this.isOpen = false
    for (const one of this.held) one.handles.delete(this)
    if (outcome !== undefined) this.end(outcome)
  }

  /** It ended, inside or behind the operator. */
  end({ status }: Outcome): void {
    if (status === 'nacked') {
      if (this.#block !== undefined) this.#host.onRefused(this.#block)
    } else for (const one of this.held) one.isPartial = true
  }

  giveUp(outcome: Outcome): void {
    this.isVoid = true
    this.spent(outcome)
    this.#settlement.close(outcome)
  }
}

class Held implements HeldBatch {
  readonly origin: Origin
  readonly block: Block
  readonly time: number
  /** Those that have neither ended nor been emitted. */
  readonly handles = new Set<Handle>()
  /** Batches of it that were emitted and have not settled. */
  out = 0
  /** True if some of it has ended. */
  isPartial = false
  #settlement: Settlement
  #host: HeldBatchesHost
  readonly #bytes: number
  /** While it is inside. */
  #permit: Permit | undefined

  constructor(origin: Origin, block: Block, time: number, settlement: Settlement, host: HeldBatchesHost) {
    this.origin = origin
    this.block = block
    this.time = time
    this.#settlement = settlement
    this.#host = host
    this.#bytes = blockBytes(block)
  }

  get up(): readonly Settlement[] {
    return this.#settlement.up
  }

  get isInside(): boolean {
    for (const { isLent } of this.handles) if (!isLent) return true
    return false
  }

  get isWhole(): boolean {
    return this.out === 0 && !this.isPartial
  }

  /** Books that it came in, or went out. */
  update(): void {
    if (!this.isInside) return this.leave()
    if (this.#permit !== undefined) return
    this.#permit = this.#host.heldCredits.tryTake(this.#bytes)
    this.#host.onInside(this.block)
  }

  leave(): void {
    if (this.#permit === undefined) return
    this.#permit.release()
    this.#permit = undefined
    this.#host.onOutside(this.block)
  }

  abandon(outcome: Outcome): void {
    for (const handle of [...this.handles]) if (!handle.isLent && handle.isOpen) handle.giveUp(outcome)
    this.update()
  }
}
