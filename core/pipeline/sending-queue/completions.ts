import type { Batch } from '../../batch/batch.ts'
import type { Block } from '../../model/block.ts'
import { itemsIn, type Range } from '../../model/ranges.ts'
import type { Account } from '../../telemetry/account.ts'
import type { BatchQueue } from './queue.ts'
import type { BatchResult, QueuedBatch } from './queued-batch.ts'

type Done = Pick<BatchResult, 'dropped' | 'sent'>

/** Ends batches whose result is decided: in the books, in the queue, and for their senders. */
export class Completions {
  #queue: BatchQueue
  #account: Account

  constructor(queue: BatchQueue, account: Account) {
    this.#queue = queue
    this.#account = account
  }

  /** The backend has all of it. */
  exported(queued: QueuedBatch): void {
    this.complete(queued, { dropped: new Map(), sent: wholeOf(queued) })
  }

  /** Nothing of it will be exported. */
  giveUp(queued: QueuedBatch, reason: string): void {
    this.complete(queued, { dropped: new Map([[reason, wholeOf(queued)]]), sent: [] })
  }

  complete(queued: QueuedBatch, done: Done): void {
    this.#book(queued.block, done)
    const { batch } = queued
    this.#queue.done(queued)
    if (batch === undefined) return
    queued.batch = undefined
    settle(batch, done)
  }

  /** Like {@link complete}, for a batch that is exported in part. */
  completePart(queued: QueuedBatch, result: BatchResult): void {
    const { batch, block } = queued
    this.#queue.keepOnly(queued, result.left)
    this.#book(block, result)
    if (batch === undefined) return
    const [done, rest] = batch.split([block, queued.block])
    queued.batch = rest
    settle(done, result)
  }

  #book(block: Block, { dropped, sent }: Done): void {
    const account = this.#account
    const sentItems = (items: number) => {
      account.inFlight -= items
      account.sent += items
    }
    account.book(block, sentItems, itemsIn(sent) === block.length ? undefined : sent)
    for (const [reason, ranges] of dropped) {
      const droppedItems = (items: number) => {
        account.inFlight -= items
        account.drop(reason, items)
      }
      account.book(block, droppedItems, ranges)
    }
  }
}

const wholeOf = ({ block }: QueuedBatch): Range[] => [{ from: 0, to: block.length }]

function settle(batch: Batch, { dropped }: Done): void {
  const [reason] = dropped.keys()
  if (reason === undefined) batch.ack()
  else batch.drop(reason, itemsIn([...dropped.values()].flat()))
}
