import type { Block } from '../model/block.ts'
import type { Account } from '../telemetry/account.ts'
import { Batch, type Origin, type Outcome } from './batch.ts'
import type { Permit } from './credits.ts'

/** A batch that a receiver took in, booked in the receiver's account from here until it has settled. */
export function receivedBatch(
  origin: Origin,
  account: Account,
  block: Block,
  permit: Permit,
  onSettled?: (outcome: Outcome) => void
): Batch {
  account.book(block, items => {
    account.received += items
    account.inFlight += items
  })
  const settle = (outcome: Outcome) => {
    account.book(block, items => {
      account.inFlight -= items
      // Items dropped further on are in the books of the component that dropped them: from here they went on.
      if (outcome.status === 'nacked') account.refused += items
      else account.sent += items
    })
    onSettled?.(outcome)
  }
  return Batch.of(origin, block, settle, permit)
}
