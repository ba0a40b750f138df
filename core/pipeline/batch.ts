import { WeirError } from '../errors.ts'
import type { FormerLetter } from '../journal/entry.ts'
import type { Block } from '../model/block.ts'
import type { Permit } from './credits.ts'

/**
 * How a batch ended. `nacked`: somebody could not take it and nobody downstream keeps it, so the sender should send it
 * again. `dropped`: part of it (`items`) was refused for good; sending again would not help. The worst branch decides.
 */
export type Outcome =
  | { readonly status: 'acked' }
  | { readonly status: 'dropped'; readonly items: number; readonly reason: string }
  | { readonly status: 'nacked'; readonly error: Error }

/** Where a batch comes from; what becomes of it on the way keeps this. */
export interface Origin {
  /** Id of the component that made it: whose clock its times come from. */
  readonly source: string
  /** The same for every sending of the same request: a hash of its bytes. Undefined where nobody sends again. */
  readonly request?: () => string
  /** Where it was a dead letter. */
  readonly letter?: FormerLetter | undefined
}

const ACKED: Outcome = { status: 'acked' }

/** Counts the open handles of what was once one batch and reports the worst of their outcomes, once. */
class Settlement {
  readonly origin: Origin
  #open = 1
  #outcome: Outcome = ACKED
  #permit: Permit | undefined
  #report: (outcome: Outcome) => void

  constructor(origin: Origin, report: (outcome: Outcome) => void, permit?: Permit) {
    this.origin = origin
    this.#report = report
    this.#permit = permit
  }

  add(handles: number): void {
    this.#open += handles
  }

  close(outcome: Outcome): void {
    this.#outcome = worse(this.#outcome, outcome)
    if (--this.#open > 0) return
    this.#permit?.release()
    this.#report(this.#outcome)
  }
}

/**
 * A one-shot handle on a block. Whoever holds it either passes it on or ends it, exactly once, by one of its methods;
 * using it again is a programming error and throws. What comes of it travels back to who made it.
 */
export class Batch {
  readonly block: Block
  readonly origin: Origin
  #settlement: Settlement | undefined

  private constructor(block: Block, settlement: Settlement) {
    this.block = block
    this.origin = settlement.origin
    this.#settlement = settlement
  }

  /** `onSettled` is called once, when every handle that came of this one has ended; then the permit goes back. */
  static of(origin: Origin, block: Block, onSettled: (outcome: Outcome) => void = () => {}, permit?: Permit): Batch {
    return new Batch(block, new Settlement(origin, onSettled, permit))
  }

  /** The same batch with another block. */
  replace(block: Block): Batch {
    return new Batch(block, this.#consume())
  }

  /** One handle for each of `blocks`; all must end before this one has. No blocks: acknowledged. */
  split(blocks: readonly Block[]): Batch[] {
    const settlement = this.#consume()
    settlement.add(blocks.length)
    settlement.close(ACKED)
    return blocks.map(block => new Batch(block, settlement))
  }

  /** `branches` handles on the same block. */
  fork(branches: number): Batch[] {
    return this.split(new Array<Block>(branches).fill(this.block))
  }

  ack(): void {
    this.#consume().close(ACKED)
  }

  /** Not taken. Nothing of it may be kept, for it will come again. */
  nack(error: Error): void {
    this.#consume().close({ status: 'nacked', error })
  }

  /** Given up on `items` of it for good; book the reason in the component's account as well. */
  drop(reason: string, items: number = this.block.length): void {
    this.#consume().close({ status: 'dropped', items, reason })
  }

  /** Ends as another batch did, on which its fate depends. */
  settle(outcome: Outcome): void {
    this.#consume().close(outcome)
  }

  /** Whether the handle has ended or was passed on. */
  get spent(): boolean {
    return this.#settlement === undefined
  }

  #consume(): Settlement {
    const settlement = this.#settlement
    if (settlement === undefined) {
      throw new WeirError('BATCH_SPENT', 'a batch handle was used twice: pass it on or settle it, exactly once')
    }
    this.#settlement = undefined
    return settlement
  }
}

function worse(a: Outcome, b: Outcome): Outcome {
  if (a.status === 'dropped' && b.status === 'dropped') return { ...a, items: a.items + b.items }
  return SEVERITY[b.status] > SEVERITY[a.status] ? b : a
}

const SEVERITY = { acked: 0, dropped: 1, nacked: 2 }
