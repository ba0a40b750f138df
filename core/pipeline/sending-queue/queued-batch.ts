import type { Batch } from '../../batch/batch.ts'
import type { Block } from '../../model/block.ts'
import { joinBlocks } from '../../model/join.ts'
import { outside, overlaps, type Range } from '../../model/ranges.ts'
import type { BufferedEntry } from './disk-buffer.ts'
import type { ExportResult } from './rejected-items.ts'

/** An entry of a sending queue: a batch, or a block that is on disk and was a batch once. */
export interface QueuedBatch {
  /** The items that are still to be exported. */
  block: Block
  /** Whose items they are: empty if there are no tenants, undefined if they are of several, or nobody knows. */
  readonly tenant: string | undefined
  /** See `TenantTurns`. */
  turn: number
  /** When it came to the queue, Unix ms. */
  readonly since: number
  /** Id of the receiver or processor it came from. */
  readonly source: string
  /** Undefined once it is settled: exported, or on disk. */
  batch: Batch | undefined
  /** Its number in the disk buffer, once it is on its way there. */
  entry: number | undefined
  isOnDisk: boolean
  /** Set if less than all of its entry, which is on its way to disk, is still to be exported: the rest. */
  leftOfEntry: readonly Range[] | undefined
  /** It was read from disk, and is no longer in memory for any other reason. */
  readonly isReadBack: boolean
  /** The backend has it, or never will. */
  isDone: boolean
  /** Unix ms of its first try. */
  triedSince: number | undefined
  /** The block that its last try was part of; undefined if less of the item is left since. */
  joined: JoinedBatches | undefined
}

/** One export: the blocks of the items, in order, as one block. */
export interface JoinedBatches {
  readonly batches: readonly QueuedBatch[]
  readonly block: Block
}

export function join(batches: readonly QueuedBatch[]): JoinedBatches {
  const joined = { batches, block: joinBlocks(batches.map(({ block }) => block)) }
  for (const queued of batches) queued.joined = joined
  return joined
}

/** The export that the first of `batches` was part of, if all of it still stands at their head. */
export function joinedBefore(batches: readonly QueuedBatch[]): JoinedBatches | undefined {
  const joined = batches[0]?.joined
  const isWhole = joined?.batches.every((queued, i) => batches[i] === queued && queued.joined === joined)
  return isWhole ? joined : undefined
}

export function queuedBatchOf(batch: Batch, since: number, tenant: string | undefined): QueuedBatch {
  const { block, origin } = batch
  return {
    block,
    tenant,
    turn: 0,
    since,
    source: origin.source,
    batch,
    entry: undefined,
    isOnDisk: false,
    leftOfEntry: undefined,
    isReadBack: false,
    isDone: false,
    triedSince: undefined,
    joined: undefined
  }
}

export function readBack({ entry, time, block }: BufferedEntry): QueuedBatch {
  return {
    block,
    tenant: undefined,
    turn: 0,
    since: time,
    source: '',
    batch: undefined,
    entry,
    isOnDisk: true,
    leftOfEntry: undefined,
    isReadBack: true,
    isDone: false,
    triedSince: undefined,
    joined: undefined
  }
}

/** The result of an export for one batch. */
export interface BatchResult {
  /** Its items that were refused, by reason. */
  readonly dropped: ReadonlyMap<string, readonly Range[]>
  /** Its items that are still to be exported. */
  readonly left: readonly Range[]
  /** Its items that the backend has taken. */
  readonly sent: readonly Range[]
}

/** The range of each of `batches` in the block they are joined to. */
export function rangesOf(batches: readonly QueuedBatch[]): Range[] {
  let to = 0
  return batches.map(({ block }) => ({ from: to, to: (to += block.length) }))
}

/** The result for each of `ranges`, from the result for the joined block. */
export function resultsOf({ refused, left }: ExportResult, ranges: readonly Range[]): BatchResult[] {
  const refusedOf = overlaps(refused, ranges)
  const leftOf = overlaps(left, ranges)
  return ranges.map((range, i) => {
    const own = ({ from, to }: Range) => ({ from: from - range.from, to: to - range.from })
    const left = leftOf[i].map(own)
    const refused = refusedOf[i].map(rejection => ({ ...rejection, ...own(rejection) }))
    const sent = outside([...refused, ...left], range.to - range.from)
    return { dropped: Map.groupBy(refused, ({ failure }) => failure.reason), left, sent }
  })
}
