import type { Batch } from '../../batch/batch.ts'
import type { Context } from '../../plugin/context.ts'

/** Batches that wait until an emission in steps is done; in flight while they wait. */
export class WaitingBatches {
  readonly #context: Context
  #batches: Batch[] = []

  constructor(context: Context) {
    this.#context = context
  }

  add(batch: Batch): void {
    this.#book(batch, items => {
      this.#context.account.inFlight += items
    })
    this.#batches.push(batch)
  }

  /** Hands them to `receive`, in order. What it throws is the fault of one batch, which goes back to its sender. */
  release(receive: (batch: Batch) => void): void {
    const { account, log } = this.#context
    for (const batch of this.#batches.splice(0)) {
      this.#book(batch, items => {
        account.inFlight -= items
      })
      try {
        account.during(batch.block, () => receive(batch))
      } catch (thrown) {
        log.error({ err: thrown }, 'the processor threw; the batch goes back to its sender')
        if (batch.spent) continue
        this.#book(batch, items => {
          account.refused += items
        })
        batch.nack(thrown instanceof Error ? thrown : new Error(String(thrown)))
      }
    }
  }

  #book({ block }: Batch, change: (items: number) => void): void {
    this.#context.account.book(block, change)
  }
}
