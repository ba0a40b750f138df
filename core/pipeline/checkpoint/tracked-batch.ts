import { Batch, type Origin, type Outcome } from '../../batch/batch.ts'
import type { Permit } from '../../batch/credits.ts'
import type { Block } from '../../model/block.ts'
import type { SettlementTracker } from './settlement-tracker.ts'

/** A batch that checkpoints wait for. If it is nacked its owner has the data again, as a part of its snapshots. */
export function trackedBatch(
  settlements: SettlementTracker,
  origin: Origin,
  block: Block,
  onSettled: (outcome: Outcome) => void,
  permit?: Permit
): Batch {
  const token = settlements.open()
  const settle = (outcome: Outcome) => {
    if (outcome.status === 'nacked') settlements.returned(token)
    else settlements.close(token)
    onSettled(outcome)
  }
  return Batch.of(origin, block, settle, permit, token)
}
