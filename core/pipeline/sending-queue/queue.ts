import type { Logger } from 'pino'
import type { SendingQueueConfig } from '../../config/exporter-options.ts'
import { describeError } from '../../errors.ts'
import { type Block, blockBytes } from '../../model/block.ts'
import { pickItems, type Range } from '../../model/ranges.ts'
import type { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { DiskBuffer } from './disk-buffer.ts'
import { type JoinedBatches, join, joinedBefore, type QueuedBatch, readBack } from './queued-batch.ts'
import { type BlockTenants, TenantTurns } from './tenant-turns.ts'

/** See `Exporter`. */
type RequestsIn = (block: Block) => Iterable<string>

interface QueueHost {
  readonly account: Account
  readonly clock: Clock
  readonly log: Logger
  /** Undefined if data belongs to no tenants. */
  readonly tenants?: BlockTenants | undefined
}

/**
 * The waiting batches of a sending queue, oldest first: in memory, and, behind a disk buffer, those that memory is too
 * small for. The oldest goes to disk, so all on disk is older than all in memory. If the backend takes batches in any
 * order the two take turns, so a fresh batch does not wait for hours of old ones. In memory, tenants take turns.
 */
export class BatchQueue {
  #maxBytes: number
  #anyOrder: boolean
  #host: QueueHost
  /** Something may be there to be exported that was not before. */
  #onMoved = () => {}
  #diskBuffer: DiskBuffer | undefined
  /** Entries before this were written by an earlier run. */
  #ownFrom = 0
  #memory: QueuedBatch[] = []
  #memoryBytes = 0
  /** Appended to the disk buffer, and not yet on disk. */
  #overflowing: QueuedBatch[] = []
  /** Read back, and to be tried again. */
  #held: QueuedBatch[] = []
  #inHand: readonly QueuedBatch[] = []
  #isFreshTurn = true
  readonly #turns: TenantTurns | undefined
  readonly #requestsIn: RequestsIn
  /** Bytes of batches not yet settled. */
  #bytes = 0

  constructor({ max_size, order }: SendingQueueConfig['queue'], host: QueueHost, requestsIn: RequestsIn) {
    this.#maxBytes = max_size
    this.#anyOrder = order === 'any'
    this.#host = host
    this.#turns = host.tenants && new TenantTurns()
    this.#requestsIn = requestsIn
  }

  get bytes(): number {
    return this.#bytes
  }

  /** @param block of the batch that comes. Undefined: any */
  hasRoom(block?: Block): boolean {
    if (this.#bytes >= this.#maxBytes) return false
    if (this.#turns === undefined || block === undefined) return true
    return this.#turns.hasRoom(this.#host.tenants!.of(block), this.#maxBytes)
  }

  useDiskBuffer(diskBuffer: DiskBuffer, onMoved: () => void): void {
    this.#diskBuffer = diskBuffer
    this.#ownFrom = diskBuffer.position.end
    this.#onMoved = onMoved
    diskBuffer.onCommitted = entry => this.#committed(entry)
    diskBuffer.onFailed = error => this.#overflowFailed(error)
  }

  /** When the oldest batch came, Unix ms; undefined if there is none. Those on disk are older than those in memory. */
  get oldest(): number | undefined {
    const heads = [this.#inHand[0], this.#held[0], this.#overflowing[0], this.#memory[0]]
    const times = heads.flatMap(queued => (queued === undefined || queued.isDone ? [] : [queued.since]))
    // With turns the first is not always the oldest.
    const oldest =
      this.#turns === undefined ? Infinity : this.#memory.reduce((a, { since }) => Math.min(a, since), Infinity)
    const first = Math.min(oldest, ...times)
    return first === Infinity ? undefined : first
  }

  add(queued: QueuedBatch): void {
    const bytes = blockBytes(queued.block)
    this.#count(queued, bytes)
    this.#memoryBytes += bytes
    if (this.#turns === undefined) this.#memory.push(queued)
    else this.#turns.insert(this.#memory, queued)
    if (this.#memoryBytes > this.#maxBytes / 2) this.overflowToDisk(this.#maxBytes / 4)
  }

  /**
   * The next export, of one type: up to `maxItems` items, but one batch at least. Undefined if nothing waits. Unless
   * `isAnew`, batches that failed together come again as the same block: exporters may remember how much of it is
   * taken.
   */
  async next(maxItems: number, isAnew: boolean): Promise<JoinedBatches | undefined> {
    const isReadable = this.#held.length > 0 || this.#diskBuffer?.isEmpty === false
    const isBehind = isReadable || this.#overflowing.length > 0
    // A batch on its way to disk cannot be had, so it has no turn.
    const isTurn = this.#isFreshTurn || !isReadable
    const isFresh = this.#memory.length > 0 && (!isBehind || (this.#anyOrder && isTurn))
    this.#isFreshTurn = !isFresh
    if (!isFresh && this.#held.length === 0 && isReadable) this.#held = await this.#readBack(maxItems)
    const waiting = isFresh ? this.#memory : this.#held
    if (waiting.length > 0) {
      const before = isAnew ? undefined : joinedBefore(waiting)
      const joined = before ?? join(waiting.slice(0, headOf(waiting, maxItems, this.#requestsIn)))
      if (isFresh) {
        const taken = this.#take(joined.batches.length)
        this.#turns?.taken(taken)
      } else this.#held.splice(0, joined.batches.length)
      this.#inHand = joined.batches
      return joined
    }
    this.#inHand = []
    // All on disk is exported, so nothing there is in front of the batches in memory.
    return isReadable ? this.next(maxItems, isAnew) : undefined
  }

  /** They could not be exported; they come again, in their order. */
  putBack(batches: readonly QueuedBatch[]): void {
    this.#inHand = []
    this.#held.unshift(...batches.filter(queued => queued.isReadBack))
    // Batches that went to disk meanwhile come back from there.
    this.#returnToMemory(batches.filter(queued => !queued.isReadBack && queued.entry === undefined))
  }

  /** Only `left` of a batch in hand is still to be exported. */
  keepOnly(queued: QueuedBatch, left: readonly Range[]): void {
    const rest = pickItems(queued.block, left)
    if (queued.batch !== undefined) this.#count(queued, blockBytes(rest) - blockBytes(queued.block))
    queued.block = rest
    queued.joined = undefined
    if (queued.isOnDisk) this.#diskBuffer!.keepOnly(queued.entry!, left)
    else if (queued.entry !== undefined) queued.leftOfEntry = left
  }

  /** It need not be exported again. */
  done(queued: QueuedBatch): void {
    queued.isDone = true
    if (queued.batch !== undefined) this.#count(queued, -blockBytes(queued.block))
    if (queued.isOnDisk) this.#diskBuffer!.done(queued.entry!)
  }

  /** Moves the oldest to disk until only `keepBytes` are in memory, if there is a disk that has room. */
  overflowToDisk(keepBytes: number): void {
    if (this.#diskBuffer?.isFull === false) this.#overflowToDisk(keepBytes)
  }

  /** Moves all to disk, also beyond its size: a nacked batch would be made and sent again. */
  moveAllToDisk(): void {
    this.#overflowToDisk(0)
  }

  /** All that is not on disk. */
  takeAll(): QueuedBatch[] {
    const rest = [...this.#overflowing.splice(0).filter(queued => !queued.isDone), ...this.#take(this.#memory.length)]
    for (const queued of rest) this.#count(queued, -blockBytes(queued.block))
    return rest
  }

  #overflowToDisk(keepBytes: number): void {
    const diskBuffer = this.#diskBuffer
    if (diskBuffer === undefined || diskBuffer.isFailing) return
    let moved = 0
    for (let left = this.#memoryBytes; moved < this.#memory.length && left > keepBytes; moved++)
      left -= blockBytes(this.#memory[moved].block)
    const inHand = this.#inHand.filter(queued => !queued.isDone && queued.entry === undefined)
    // Batches being tried just now go first: they are older, and if they fail they are in their place.
    for (const queued of [...inHand, ...this.#take(moved)]) {
      queued.entry = diskBuffer.append(queued.source, this.#host.clock.now(), queued.block)
      this.#overflowing.push(queued)
    }
  }

  async #readBack(maxItems: number): Promise<QueuedBatch[]> {
    const entries = await this.#diskBuffer!.read(maxItems)
    const { account } = this.#host
    for (const { entry, block } of entries) {
      if (entry >= this.#ownFrom) continue
      account.book(block, items => {
        account.produced += items
        account.inFlight += items
      })
    }
    return entries.map(readBack)
  }

  #committed(entry: number): void {
    while (this.#overflowing.length > 0 && this.#overflowing[0].entry! < entry) {
      const queued = this.#overflowing.shift()!
      queued.isOnDisk = true
      if (queued.leftOfEntry !== undefined) this.#diskBuffer!.keepOnly(queued.entry!, queued.leftOfEntry)
      if (queued.isDone) this.#diskBuffer!.done(queued.entry!)
      else this.#settle(queued)
    }
    this.#onMoved()
  }

  #settle(queued: QueuedBatch): void {
    const { batch } = queued
    this.#count(queued, -blockBytes(queued.block))
    queued.batch = undefined
    batch!.ack()
  }

  #overflowFailed(error: Error): void {
    this.#host.log.error(
      { err: describeError(error) },
      'the waiting batches cannot be written to disk and stay in memory'
    )
    const failed = this.#overflowing.splice(0)
    for (const queued of failed) {
      queued.entry = undefined
      queued.leftOfEntry = undefined
    }
    this.#returnToMemory(failed.filter(queued => !queued.isDone && !this.#inHand.includes(queued)))
    this.#onMoved()
  }

  #count(queued: QueuedBatch, bytes: number): void {
    this.#bytes += bytes
    this.#turns?.count(queued, bytes)
  }

  #returnToMemory(batches: readonly QueuedBatch[]): void {
    for (const { block } of batches) this.#memoryBytes += blockBytes(block)
    this.#memory.unshift(...batches)
  }

  /** The oldest `count`. */
  #take(count: number): QueuedBatch[] {
    const taken = this.#memory.splice(0, count)
    for (const { block } of taken) this.#memoryBytes -= blockBytes(block)
    return taken
  }
}

/** How many of the first `batches` go together: of one type and of other requests, `maxItems` in all, but one at least. */
function headOf(batches: readonly QueuedBatch[], maxItems: number, requestsIn: RequestsIn): number {
  const requests = new Set<string>()
  let total = 0
  let count = 0
  for (const { block } of batches) {
    total += block.length
    if (count > 0 && (total > maxItems || block.type !== batches[0].block.type)) break
    const own = [...requestsIn(block)]
    if (own.some(request => requests.has(request))) break
    for (const request of own) requests.add(request)
    count++
  }
  return count
}
