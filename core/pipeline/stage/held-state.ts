import type { Batch } from '../../batch/batch.ts'
import type { JournalEntry, Origin, SettlementToken } from '../../batch/settlement.ts'
import type { Block } from '../../model/block.ts'
import { restoreBlock, type SavedBlock, saveBlock } from '../../model/saved-blocks.ts'
import { openState, sealState } from '../../model/saved-state.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { HeldBatches } from './held-batches.ts'
import type { HeldBatch } from './held-handles.ts'
import type { HeldState, StageHost } from './stage.ts'

const VERSION = 1
/**
 * Time that an operator lives through anew after a restart, before its first batch: repeating timers find their phase.
 */
const REPEATED_MS = 60_000

interface Saved {
  /** Unix ms. */
  readonly subscribedAt: number
  readonly batches: readonly SavedBatch[]
}

interface SavedBatch {
  readonly time: number
  /** Its names are part of the format. */
  readonly origin: Pick<Origin, 'source'> & {
    readonly request: string | undefined
    readonly letter: Origin['deadLetter']
  }
  readonly block: SavedBlock
  /** Its block is left out if it equals `block`: no processor before this one changed it. */
  readonly entry: (Omit<JournalEntry, 'block'> & { readonly block: SavedBlock | undefined }) | undefined
}

/**
 * Batches inside an operator, as a part of checkpoints. Nobody can look into an operator. So the batches given to it
 * are written down with their times, and given to it anew after a restart, by a clock that shows those times.
 */
export class OperatorHeldState implements HeldState {
  /** When the operator was subscribed, Unix ms. */
  subscribedAt = 0
  #batches: HeldBatches
  #host: StageHost
  #take: (batch: Batch) => void
  #emit: (handle: Batch) => void
  #saved: Saved | undefined
  /** Emitted while it is frozen. */
  #deferred: Batch[] | undefined

  constructor(batches: HeldBatches, host: StageHost, take: (batch: Batch) => void, emit: (handle: Batch) => void) {
    this.#batches = batches
    this.#host = host
    this.#take = take
    this.#emit = emit
  }

  get areWhole(): boolean {
    return this.#batches.areWhole
  }

  get isEmpty(): boolean {
    return this.#batches.isEmpty
  }

  get tokens(): ReadonlySet<SettlementToken> {
    return this.#batches.tokens
  }

  freeze(): void {
    this.#deferred ??= []
  }

  thaw(): void {
    const deferred = this.#deferred ?? []
    this.#deferred = undefined
    for (const handle of deferred) this.#emit(handle)
  }

  /** True if it keeps `handle` until it is thawed. */
  defer(handle: Batch): boolean {
    return this.#deferred !== undefined && this.#deferred.push(handle) > 0
  }

  snapshot(): Uint8Array {
    const batches = this.#batches.inside.map(save)
    return sealState(VERSION, { subscribedAt: this.subscribedAt, batches } satisfies Saved)
  }

  release(): Uint8Array {
    const state = this.snapshot()
    this.#batches.release()
    return state
  }

  restore(bytes: Uint8Array): void {
    this.#saved = openState(VERSION, bytes) as Saved
  }

  /** Subscribes, and gives the operator its batches anew. */
  resume(subscribe: () => void): void {
    const saved = this.#saved
    this.#saved = undefined
    if (saved === undefined) return subscribe()
    const { clock, context } = this.#host
    const now = clock.now()
    const first = saved.batches[0]?.time ?? now
    clock.detach(first - ((first - saved.subscribedAt) % REPEATED_MS))
    subscribe()
    const { account } = context
    const give = (batch: Batch) => {
      account.book(batch.block, items => (account.produced += items))
      this.#take(batch)
    }
    for (const batch of saved.batches) {
      clock.runTo(batch.time)
      const { origin, block } = restore(batch, context.series)
      give(context.adopt(origin, block, give))
    }
    clock.runTo(now)
    clock.attach()
  }
}

function save({ time, origin, block }: HeldBatch): SavedBatch {
  const { source, request, deadLetter, entry } = origin
  return {
    time,
    origin: { source, request: request?.(), letter: deadLetter },
    block: saveBlock(block),
    entry: entry && { ...entry, block: entry.block === block ? undefined : saveBlock(entry.block) }
  }
}

function restore(saved: SavedBatch, series: SeriesTable): { readonly origin: Origin; readonly block: Block } {
  const { entry } = saved
  const { source, request, letter: deadLetter } = saved.origin
  const block = restoreBlock(saved.block, series)
  const whole = entry && { ...entry, block: entry.block === undefined ? block : restoreBlock(entry.block, series) }
  const again = request === undefined ? undefined : () => request
  return { origin: { source, request: again, deadLetter, entry: whole }, block }
}
