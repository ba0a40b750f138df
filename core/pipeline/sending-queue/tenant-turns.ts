import type { Block } from '../../model/block.ts'
import { ItemAttribute } from '../../model/item-attribute.ts'
import { TENANT } from '../../model/tenant.ts'
import type { QueuedBatch } from './queued-batch.ts'

/** A batch looks for its place behind so many others at most: the search takes time for each. */
const MOST_PASSED = 10_000

/** Tells whose a block is. */
export class BlockTenants {
  readonly #attribute = new ItemAttribute(TENANT)
  readonly #known = new WeakMap<Block, { readonly tenant: string | undefined }>()

  /** Empty if it is of none, undefined if its items are of several. */
  of(block: Block): string | undefined {
    let known = this.#known.get(block)
    if (known === undefined) this.#known.set(block, (known = { tenant: this.#find(block) }))
    return known.tenant
  }

  #find(block: Block): string | undefined {
    const first = block.length === 0 ? '' : this.#attribute.read(block, 0)
    for (let i = 1; i < block.length; i++) if (this.#attribute.read(block, i) !== first) return undefined
    return first
  }
}

/**
 * Puts the waiting batches of tenants in turns, by start-time fair queueing: in each turn a tenant has as many items as
 * another. So one that brings very much waits for itself. Batches of one tenant stay in their order. Nothing passes a batch of
 * several tenants, such as that of a window, or one that was tried before and goes again as it was.
 */
export class TenantTurns {
  /** The turn of the last batch taken, in items. */
  #now = 0
  /** By tenant: the turn after its last batch. */
  readonly #next = new Map<string, number>()
  /** By tenant: bytes not settled. */
  readonly #bytes = new Map<string, number>()

  /** Adds a batch to `waiting`, in its place. */
  insert(waiting: QueuedBatch[], queued: QueuedBatch): void {
    const { tenant } = queued
    if (waiting.length === 0) this.#next.clear()
    if (tenant === undefined) return void waiting.push(queued)
    queued.turn = Math.max(this.#now, this.#next.get(tenant) ?? 0)
    this.#next.set(tenant, queued.turn + queued.block.length)
    const least = Math.max(0, waiting.length - MOST_PASSED)
    let at = waiting.length
    while (at > least && mayPass(queued, waiting[at - 1])) at--
    waiting.splice(at, 0, queued)
  }

  /** They are exported now. */
  taken(batches: readonly QueuedBatch[]): void {
    for (const { turn } of batches) this.#now = Math.max(this.#now, turn)
  }

  /** @param bytes more, or less than 0 if they are settled */
  count({ tenant }: QueuedBatch, bytes: number): void {
    if (tenant === undefined) return
    const all = (this.#bytes.get(tenant) ?? 0) + bytes
    if (all > 0) this.#bytes.set(tenant, all)
    else this.#bytes.delete(tenant)
  }

  /** A tenant may have an equal share of `maxBytes`, with one more for a tenant that has nothing there yet. */
  hasRoom(tenant: string | undefined, maxBytes: number): boolean {
    if (tenant === undefined || tenant === '') return true
    return (this.#bytes.get(tenant) ?? 0) < maxBytes / (this.#bytes.size + 1)
  }
}

const mayPass = (queued: QueuedBatch, other: QueuedBatch) =>
  other.tenant !== undefined && other.tenant !== queued.tenant && other.joined === undefined && other.turn > queued.turn
