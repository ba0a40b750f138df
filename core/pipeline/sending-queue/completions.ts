import type { Batch } from '../../batch/batch.ts'
import type { Account } from '../../telemetry/account.ts'
import type { BatchQueue } from './queue.ts'
import type { BatchResult, QueuedBatch } from './queued-batch.ts'

/** Nothing of an item is given up. */
export const NONE: BatchResult['dropped'] = new Map()

/** Ends batches whose result is decided: in the books, in the queue, and for their senders. */
export class Completions {
  #queue: BatchQueue
  #account: Account

  constructor(queue: BatchQueue, account: Account) {
    this.#queue = queue
    this.#account = account
  }

  /** `dropped` of its items are given up; the backend has the others. */
  complete(queued: QueuedBatch, dropped: BatchResult['dropped']): void {
    this.#book(queued.block.length, dropped)
    const { batch } = queued
    this.#queue.done(queued)
    if (batch === undefined) return
    queued.batch = undefined
    settle(batch, dropped)
  }

  /** Like {@link complete}, for a batch that is exported in part. */
  completePart(queued: QueuedBatch, { dropped, left }: BatchResult): void {
    const { batch, block } = queued
    this.#queue.keepOnly(queued, left)
    this.#book(block.length - queued.block.length, dropped)
    if (batch === undefined) return
    const [done, rest] = batch.split([block, queued.block])
    queued.batch = rest
    settle(done, dropped)
  }

  #book(items: number, dropped: BatchResult['dropped']): void {
    this.#account.inFlight -= items
    this.#account.sent += items - total(dropped)
    for (const [reason, count] of dropped) this.#account.drop(reason, count)
  }
}

function settle(batch: Batch, dropped: BatchResult['dropped']): void {
  const [reason] = dropped.keys()
  if (reason === undefined) batch.ack()
  else batch.drop(reason, total(dropped))
}

function total(dropped: BatchResult['dropped']): number {
  let items = 0
  for (const count of dropped.values()) items += count
  return items
}
