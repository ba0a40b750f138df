import type { Block } from '../../model/block.ts'
import type { Batch } from '../batch.ts'
import type { BacklogEntry } from './backlog.ts'
import type { Refusal } from './isolate.ts'

/** What is on its way through a lane: a batch, or a block that is on disk and was a batch once. */
export interface Item {
  readonly block: Block
  /** Where it came from: a receiver or processor. */
  readonly source: string
  /** Undefined once it is settled: exported, or on disk. */
  batch: Batch | undefined
  /** Its number in the backlog, once it is on its way there. */
  entry: number | undefined
  isOnDisk: boolean
  /** It was read from disk, and is no longer in memory for any other reason. */
  readonly isReadBack: boolean
  /** The backend has it, or never will. */
  isDone: boolean
  /** Unix ms of its first try. */
  triedSince: number | undefined
}

export function itemOf(batch: Batch): Item {
  const { block, origin } = batch
  return {
    block,
    source: origin.source,
    batch,
    entry: undefined,
    isOnDisk: false,
    isReadBack: false,
    isDone: false,
    triedSince: undefined
  }
}

export function readBack({ entry, block }: BacklogEntry): Item {
  return {
    block,
    source: '',
    batch: undefined,
    entry,
    isOnDisk: true,
    isReadBack: true,
    isDone: false,
    triedSince: undefined
  }
}

/** For each of `items`, whose blocks were joined in this order, how many of it were refused. */
export function refusedOf(items: readonly Item[], refusals: readonly Refusal[]): number[] {
  let begin = 0
  return items.map(({ block }) => {
    const end = begin + block.length
    let refused = 0
    for (const { from, to } of refusals) refused += Math.max(0, Math.min(end, to) - Math.max(begin, from))
    begin = end
    return refused
  })
}
