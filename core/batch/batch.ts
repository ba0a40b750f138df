import { WeirError } from '../errors.ts'
import type { Block } from '../model/block.ts'
import type { Permit } from './credits.ts'
import {
  ACKED,
  type Origin,
  type Outcome,
  Settlement,
  type SettlementToken,
  VOID_WATCH,
  type WatchedHandle
} from './settlement.ts'

export type { Origin, Outcome } from './settlement.ts'

/**
 * A one-shot handle on a block. Its holder passes it on or ends it, exactly once, by one of its methods; a second use
 * is a programming error and throws. The outcome travels back to the maker of the batch.
 */
export class Batch {
  readonly block: Block
  readonly origin: Origin
  #settlement: Settlement | undefined
  #watched: WatchedHandle | undefined

  private constructor(block: Block, settlement: Settlement) {
    this.block = block
    this.origin = settlement.origin
    this.#settlement = settlement
    this.#watched = settlement.watch?.opened(this, settlement)
  }

  /** `onSettled` is called once, when every handle that came of this one has ended; then the permit goes back. */
  static of(
    origin: Origin,
    block: Block,
    onSettled: (outcome: Outcome) => void = () => {},
    permit?: Permit,
    token?: SettlementToken
  ): Batch {
    return new Batch(block, new Settlement(origin, onSettled, { permit, token }))
  }

  /** One batch of `block`, made of `batches`, which are not used any more: each ends as it does. */
  static merge(batches: readonly Batch[], block: Block): Batch {
    return Batch.derive(batches, block, outcome => settleAll(batches, outcome))
  }

  /**
   * A batch of `block`, made of `batches`. Its outcome goes to `onSettled` alone, which settles them, or makes another
   * batch of them. That tells the stage of a processor which batches the processor still holds.
   */
  static derive(batches: readonly Batch[], block: Block, onSettled: (outcome: Outcome) => void): Batch {
    const { source } = batches[0].origin
    const up = batches.map(batch => batch.settlement)
    const settlement = new Settlement(batches.length === 1 ? batches[0].origin : { source }, onSettled, { up })
    const { watch } = (batches.find(({ watched }) => watched?.isVoid === false) ?? batches[0]).settlement
    settlement.watch = watch?.derived(batches)
    return new Batch(block, settlement)
  }

  /** For the host: the first handle of `settlement`. */
  static on(settlement: Settlement, block: Block): Batch {
    return new Batch(block, settlement)
  }

  /** The same batch with another block. */
  replace(block: Block): Batch {
    return new Batch(block, this.#consume())
  }

  /** One handle for each of `blocks`; all must end before this one has. No blocks: acknowledged. */
  split(blocks: readonly Block[]): Batch[] {
    const settlement = this.#consume()
    settlement.add(blocks.length)
    const handles = blocks.map(block => new Batch(block, settlement))
    settlement.close(ACKED)
    return handles
  }

  /** `branches` handles on the same block. */
  fork(branches: number): Batch[] {
    return this.split(new Array<Block>(branches).fill(this.block))
  }

  ack(): void {
    this.settle(ACKED)
  }

  /** Not taken. Nothing of it may be kept, for it will come again. */
  nack(error: Error): void {
    this.settle({ status: 'nacked', error })
  }

  /** Given up on `items` of it for good; book the reason in the component's account as well. */
  drop(reason: string, items: number = this.block.length): void {
    this.settle({ status: 'dropped', items, reason })
  }

  /** Ends as another batch did, on which its fate depends. */
  settle(outcome: Outcome): void {
    this.#consume(outcome).close(outcome)
  }

  /** True once the handle has ended or was passed on. */
  get spent(): boolean {
    return this.#settlement === undefined
  }

  /** The watcher of the handle. Undefined if nobody watches it, or it is spent. */
  get watched(): WatchedHandle | undefined {
    return this.#settlement === undefined ? undefined : this.#watched
  }

  /** For the host. Throws if the handle is spent. */
  get settlement(): Settlement {
    if (this.#watched?.isVoid) return voidSettlement(this.origin)
    if (this.#settlement === undefined) throw spent()
    return this.#settlement
  }

  /** For the host: passes the handle on. The new owner of the settlement closes it once. */
  pass(): Settlement {
    return this.#consume()
  }

  #consume(outcome?: Outcome): Settlement {
    const settlement = this.settlement
    const watched = this.#watched
    if (watched?.isLent) throw spent()
    this.#settlement = undefined
    if (watched?.isVoid !== true) watched?.spent(outcome)
    return settlement
  }
}

function voidSettlement(origin: Origin): Settlement {
  const settlement = new Settlement(origin, () => {})
  settlement.watch = VOID_WATCH
  return settlement
}

const spent = () => new WeirError('BATCH_SPENT', 'a batch handle was used twice: pass it on or settle it, exactly once')

/** The items that were dropped of a merged batch may have come from any of its parts: their number, all together, is right. */
function settleAll(parts: readonly Batch[], outcome: Outcome): void {
  if (outcome.status !== 'dropped') {
    for (const part of parts) part.settle(outcome)
    return
  }
  let left = outcome.items
  for (const part of parts) {
    const items = Math.min(left, part.block.length)
    left -= items
    if (items > 0) part.drop(outcome.reason, items)
    else part.ack()
  }
}
