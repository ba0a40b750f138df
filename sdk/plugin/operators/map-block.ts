import type { OperatorFunction } from 'rxjs'
import type { Batch } from '../../../core/batch/batch.ts'
import type { Block } from '../../../core/model/block.ts'
import { mergeMap } from '../../../core/rxjs.ts'

/**
 * Puts `change(block)` in the place of each block. The block itself passes as it is; one without items ends its batch.
 * Book items that are left out or added in `context.account`. A throw nacks the batches inside the operator.
 */
export function mapBlock(change: (block: Block) => Block): OperatorFunction<Batch, Batch> {
  return mergeMap(batch => {
    const { block } = batch
    const changed = change(block)
    if (changed === block) return [batch]
    if (changed.length > 0) return [batch.replace(changed)]
    batch.ack()
    return []
  })
}
