import type { OperatorFunction } from 'rxjs'
import type { Batch } from '../../../core/batch/batch.ts'
import type { Block } from '../../../core/model/block.ts'
import { mergeMap } from '../../../core/rxjs.ts'

/**
 * Makes a batch of each block that `split` returns. A batch has ended when all its parts have. Parts together have the
 * items of the block. Emit parts of one batch at about the same time: if the batch fails, the parts emitted before come
 * again.
 */
export function splitBlock(split: (block: Block) => readonly Block[]): OperatorFunction<Batch, Batch> {
  return mergeMap(batch => batch.split(split(batch.block)))
}
