import type { Batch } from '../../batch/batch.ts'
import { type Block, blockBytes } from '../../model/block.ts'
import type { Context } from '../../plugin/context.ts'

/** Blocks this processor owns until an exporter has them. Booked as in flight while they wait here. */
export class OutputBuffer {
  #context: Context
  #waiting: Block[] = []
  /** Handed back by exporters, in order. */
  #returned: Block[] = []

  #onReturned: () => void

  /** @param onReturned something was nacked, and waits for the next `send` */
  constructor(context: Context, onReturned: () => void = () => {}) {
    this.#context = context
    this.#onReturned = onReturned
  }

  get isEmpty(): boolean {
    return this.#waiting.length + this.#returned.length === 0
  }

  get blocks(): readonly Block[] {
    return [...this.#returned, ...this.#waiting]
  }

  put(block: Block): void {
    const { account } = this.#context
    account.book(block, items => {
      account.inFlight += items
    })
    this.#waiting.push(block)
  }

  /** {@link put}, for a block of items that were made here. */
  putProduced(block: Block): void {
    const { account } = this.#context
    account.book(block, items => {
      account.produced += items
    })
    this.put(block)
  }

  /** Sends as many blocks as credits allow. */
  send(emit: (batch: Batch) => void): void {
    this.#waiting.unshift(...this.#returned.splice(0))
    const { outputBudget, account } = this.#context
    while (this.#waiting.length > 0 && this.#returned.length === 0) {
      const block = this.#waiting[0]
      const permit = outputBudget.tryTake(blockBytes(block))
      if (permit === undefined) return
      this.#waiting.shift()
      account.book(block, items => {
        account.inFlight -= items
      })
      emit(
        this.#context.outputBatch(block, permit, outcome => {
          if (outcome.status !== 'nacked') return
          // Nobody has it, so it is here again, and was not sent after all.
          account.book(block, items => {
            account.sent -= items
            account.inFlight += items
          })
          this.#returned.push(block)
          this.#onReturned()
        })
      )
    }
  }
}
