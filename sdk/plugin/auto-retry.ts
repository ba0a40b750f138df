import type { Observable } from 'rxjs'
import type { Batch } from '../../core/batch/batch.ts'
import type { Permit } from '../../core/batch/credits.ts'
import { type Block, blockBytes } from '../../core/model/block.ts'
import type { Context } from '../../core/plugin/context.ts'
import { Subject } from '../../core/rxjs.ts'

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

/** A block that was nacked. */
interface Waiting {
  readonly block: Block
  readonly permit: Permit
  cancel(): void
}

/**
 * The way in for senders that cannot be told to send again, such as UDP: a block that is nacked is tried again,
 * after pauses that grow, as long as there are credits for it. For receivers; give `batches$` to the host.
 */
export class AutoRetry {
  #context: Context
  #batches = new Subject<Batch>()
  #waiting = new Set<Waiting>()

  constructor(context: Context) {
    this.#context = context
  }

  get batches$(): Observable<Batch> {
    return this.#batches
  }

  /** Returns false if the block was dropped, booked as `no_credits`: others have used up the memory there is. */
  push(block: Block): boolean {
    const permit = this.#context.credits.tryTake(blockBytes(block))
    if (permit === undefined) this.#dropNew(block)
    else this.#try(block, permit, FIRST_PAUSE_MS)
    return permit !== undefined
  }

  /** Completes `batches$`. Blocks that still wait are dropped, booked as `stopped`. */
  close(): void {
    const { account } = this.#context
    for (const { block, permit, cancel } of this.#waiting) {
      cancel()
      permit.release()
      account.book(block, items => {
        account.inFlight -= items
        account.drop('stopped', items)
      })
    }
    this.#waiting.clear()
    this.#batches.complete()
  }

  #try(pushed: Block, permit: Permit, pauseMs: number): void {
    const { account, credits } = this.#context
    const batch = this.#context.batch(pushed, permit, outcome => {
      if (outcome.status !== 'nacked') return
      // Of a tenant it is labelled and limited by now, which must not be done, and counted, a second time.
      const { block } = batch
      // It never went back to its sender: it is here, and is received when it comes in again.
      account.book(block, items => {
        account.received -= items
        account.refused -= items
      })
      const again = credits.tryTake(blockBytes(block))
      if (again === undefined) this.#dropNew(block)
      else this.#wait(block, again, pauseMs)
    })
    this.#batches.next(batch)
  }

  #wait(block: Block, permit: Permit, pauseMs: number): void {
    const { account, clock } = this.#context
    account.book(block, items => {
      account.received += items
      account.inFlight += items
    })
    const waiting: Waiting = {
      block,
      permit,
      cancel: clock.setTimer(pauseMs, () => {
        this.#waiting.delete(waiting)
        account.book(block, items => {
          account.received -= items
          account.inFlight -= items
        })
        this.#try(block, permit, Math.min(LONGEST_PAUSE_MS, pauseMs * 2))
      })
    }
    this.#waiting.add(waiting)
  }

  #dropNew(block: Block): void {
    const { account } = this.#context
    account.book(block, items => {
      account.received += items
      account.drop('no_credits', items)
    })
  }
}
