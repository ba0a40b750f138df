import type { Logger } from 'pino'
import type { LaneConfig } from '../../config/exporter-options.ts'
import { describeError } from '../../errors.ts'
import { blockBytes } from '../../model/block.ts'
import { pickItems, type Range } from '../../model/ranges.ts'
import type { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Backlog } from './backlog.ts'
import { type Item, type Joined, join, joinedBefore, readBack } from './item.ts'

interface QueueHost {
  readonly account: Account
  readonly clock: Clock
  readonly log: Logger
}

/**
 * What waits in a lane, oldest first: in memory, and behind a backlog on disk what memory is too small for. The oldest
 * goes to disk, so all on disk is older than all in memory. Where the backend takes things in any order the two take
 * turns: what is fresh does not wait for hours of backlog.
 */
export class LaneQueue {
  #maxBytes: number
  #anyOrder: boolean
  #host: QueueHost
  /** Something may be there to be exported that was not before. */
  #onMoved = () => {}
  #backlog: Backlog | undefined
  /** Entries before this were written by an earlier run. */
  #ownFrom = 0
  #memory: Item[] = []
  #memoryBytes = 0
  /** Appended to the backlog, and not yet on disk. */
  #spilling: Item[] = []
  /** Read back, and to be tried again. */
  #held: Item[] = []
  #inHand: readonly Item[] = []
  #isFreshTurn = true
  /** Of batches not yet settled. */
  bytes = 0

  constructor({ max_size, order }: LaneConfig['queue'], host: QueueHost) {
    this.#maxBytes = max_size
    this.#anyOrder = order === 'any'
    this.#host = host
  }

  useBacklog(backlog: Backlog, onMoved: () => void): void {
    this.#backlog = backlog
    this.#ownFrom = backlog.position.end
    this.#onMoved = onMoved
    backlog.onCommitted = entry => this.#committed(entry)
    backlog.onFailed = error => this.#spillFailed(error)
  }

  add(item: Item): void {
    const bytes = blockBytes(item.block)
    this.bytes += bytes
    this.#memoryBytes += bytes
    this.#memory.push(item)
    if (this.#memoryBytes > this.#maxBytes / 2) this.spill(this.#maxBytes / 4)
  }

  /**
   * The next export, of one type: up to `maxItems` items, but one batch at least. Undefined if nothing waits. Unless
   * `isAnew`, batches that failed together come again as the same block: exporters may remember how much of it is taken.
   */
  async next(maxItems: number, isAnew: boolean): Promise<Joined | undefined> {
    const isReadable = this.#held.length > 0 || this.#backlog?.isEmpty === false
    const isBehind = isReadable || this.#spilling.length > 0
    // What is just on its way to disk cannot be had, so it has no turn.
    const isTurn = this.#isFreshTurn || !isReadable
    const isFresh = this.#memory.length > 0 && (!isBehind || (this.#anyOrder && isTurn))
    this.#isFreshTurn = !isFresh
    if (!isFresh && this.#held.length === 0 && isReadable) this.#held = await this.#readBack(maxItems)
    const waiting = isFresh ? this.#memory : this.#held
    if (waiting.length > 0) {
      const before = isAnew ? undefined : joinedBefore(waiting)
      const joined = before ?? join(waiting.slice(0, headOf(waiting, maxItems)))
      if (isFresh) this.#take(joined.items.length)
      else this.#held.splice(0, joined.items.length)
      this.#inHand = joined.items
      return joined
    }
    this.#inHand = []
    // All that was to be read is done, so nothing on disk is in front of what is in memory.
    return isReadable ? this.next(maxItems, isAnew) : undefined
  }

  /** They could not be exported; they come again, in their order. */
  putBack(items: readonly Item[]): void {
    this.#inHand = []
    this.#held.unshift(...items.filter(item => item.isReadBack))
    // What went to disk meanwhile comes back from there.
    this.#returnToMemory(items.filter(item => !item.isReadBack && item.entry === undefined))
  }

  /** Of one in hand only `left` is still to be exported. */
  keepOnly(item: Item, left: readonly Range[]): void {
    const rest = pickItems(item.block, left)
    if (item.batch !== undefined) this.bytes -= blockBytes(item.block) - blockBytes(rest)
    item.block = rest
    item.joined = undefined
    if (item.isOnDisk) this.#backlog!.keepOnly(item.entry!, left)
    else if (item.entry !== undefined) item.leftOfEntry = left
  }

  /** It need not be exported again. */
  done(item: Item): void {
    item.isDone = true
    if (item.batch !== undefined) this.bytes -= blockBytes(item.block)
    if (item.isOnDisk) this.#backlog!.done(item.entry!)
  }

  /** Moves the oldest to disk until only `keepBytes` are in memory, where there is a disk that has room. */
  spill(keepBytes: number): void {
    if (this.#backlog?.isFull === false) this.#spill(keepBytes)
  }

  /** Moves all to disk, also beyond its size: what is handed back would be made and sent again. */
  spillAll(): void {
    this.#spill(0)
  }

  /** All that is not on disk. */
  takeAll(): Item[] {
    const rest = [...this.#spilling.splice(0).filter(item => !item.isDone), ...this.#take(this.#memory.length)]
    for (const item of rest) this.bytes -= blockBytes(item.block)
    return rest
  }

  #spill(keepBytes: number): void {
    const backlog = this.#backlog
    if (backlog === undefined || backlog.isFailing) return
    let moved = 0
    for (let left = this.#memoryBytes; moved < this.#memory.length && left > keepBytes; moved++)
      left -= blockBytes(this.#memory[moved].block)
    const inHand = this.#inHand.filter(item => !item.isDone && item.entry === undefined)
    // What is being tried just now first: it is older, and where it fails it is in its place.
    for (const item of [...inHand, ...this.#take(moved)]) {
      item.entry = backlog.append(item.source, this.#host.clock.now(), item.block)
      this.#spilling.push(item)
    }
  }

  async #readBack(maxItems: number): Promise<Item[]> {
    const entries = await this.#backlog!.read(maxItems)
    const { account } = this.#host
    for (const { entry, block } of entries) {
      if (entry >= this.#ownFrom) continue
      account.produced += block.length
      account.inFlight += block.length
    }
    return entries.map(readBack)
  }

  #committed(entry: number): void {
    while (this.#spilling.length > 0 && this.#spilling[0].entry! < entry) {
      const item = this.#spilling.shift()!
      item.isOnDisk = true
      if (item.leftOfEntry !== undefined) this.#backlog!.keepOnly(item.entry!, item.leftOfEntry)
      if (item.isDone) this.#backlog!.done(item.entry!)
      else this.#settle(item)
    }
    this.#onMoved()
  }

  #settle(item: Item): void {
    const { batch } = item
    this.bytes -= blockBytes(item.block)
    item.batch = undefined
    batch!.ack()
  }

  #spillFailed(error: Error): void {
    this.#host.log.error({ err: describeError(error) }, 'what waits cannot be written to disk and stays in memory')
    const failed = this.#spilling.splice(0)
    for (const item of failed) {
      item.entry = undefined
      item.leftOfEntry = undefined
    }
    this.#returnToMemory(failed.filter(item => !item.isDone && !this.#inHand.includes(item)))
    this.#onMoved()
  }

  #returnToMemory(items: readonly Item[]): void {
    for (const { block } of items) this.#memoryBytes += blockBytes(block)
    this.#memory.unshift(...items)
  }

  /** The oldest `count`. */
  #take(count: number): Item[] {
    const taken = this.#memory.splice(0, count)
    for (const { block } of taken) this.#memoryBytes -= blockBytes(block)
    return taken
  }
}

/** How many of the first `items` go together: of one type, `maxItems` in all, but one at least. */
function headOf(items: readonly Item[], maxItems: number): number {
  let total = 0
  let count = 0
  for (const { block } of items) {
    total += block.length
    if (count > 0 && (total > maxItems || block.type !== items[0].block.type)) break
    count++
  }
  return count
}
