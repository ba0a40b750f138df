import type { Block } from '../model/block.ts'
import type { Account } from '../telemetry/account.ts'
import { Batch, type Origin, type Outcome } from './batch.ts'
import type { Permit } from './credits.ts'

/** A batch of what a receiver took in, booked in its account from here until it has settled. */
export function receivedBatch(
  origin: Origin,
  account: Account,
  block: Block,
  permit: Permit,
  onSettled?: (outcome: Outcome) => void
): Batch {
  const items = block.length
  account.received += items
  account.inFlight += items
  const settle = (outcome: Outcome) => {
    account.inFlight -= items
    // What was dropped further on is in the books of who dropped it: from here it went on.
    if (outcome.status === 'nacked') account.refused += items
    else account.sent += items
    onSettled?.(outcome)
  }
  return Batch.of(origin, block, settle, permit)
}
