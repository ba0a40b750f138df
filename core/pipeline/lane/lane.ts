import type { Logger } from 'pino'
import { describeError, type ExportError, WeirError } from '../../errors.ts'
import type { LanePosition } from '../../journal/checkpoint.ts'
import type { DeadLetters } from '../../journal/dead-letters.ts'
import type { Block } from '../../model/block.ts'
import { joinBlocks } from '../../model/join.ts'
import type { ComponentState } from '../../plugin/context.ts'
import type { Exporter } from '../../plugin/contract.ts'
import type { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Batch } from '../batch.ts'
import type { Sink } from '../sink.ts'
import { Attempts, isRefusal } from './attempts.ts'
import type { Backlog } from './backlog.ts'
import type { LaneConfig } from './config.ts'
import { type Item, itemOf, refusedOf } from './item.ts'
import { LaneQueue } from './queue.ts'
import { Refusals } from './refusals.ts'

/** How long a checkpoint waits for the backend before what is in front of it goes to disk. */
const BARRIER_GRACE_MS = 1000
const CLOSED = new WeirError('QUEUE_FULL', 'the exporter is being shut down; try again later')

interface Barrier {
  /** What was in the lane and has not left it. */
  readonly waitsFor: Set<Item>
  resolve(allSettled: boolean): void
}

export interface LaneHost {
  readonly account: Account
  readonly clock: Clock
  readonly log: Logger
  /** Where what the backend refuses for good goes; undefined where it is dropped. */
  readonly deadLetters: DeadLetters | undefined
  readonly id: string
  status(state: ComponentState, reason?: string): void
}

/**
 * An exporter's own queue. One export runs at a time; what arrives meanwhile is joined into the next one. A batch is
 * settled once the backend has it or, with a backlog, once it is on disk; what the backend will never take is dropped,
 * item by item. Only when the lane closes is anything handed back.
 */
export class Lane implements Sink {
  #config: LaneConfig
  #host: LaneHost
  #attempts: Attempts
  #refusals: Refusals
  #queue: LaneQueue
  #backlog: Backlog | undefined
  /** Their batches are not settled. Not every batch leaves in its turn. */
  #unsettled = new Set<Item>()
  #barriers = new Set<Barrier>()
  #closing = new AbortController()
  #resume = () => {}
  /** Something may have come since the queue was last looked at. */
  #isWoken = false
  #abort = new AbortController()
  /** Nobody looks at the queue any more. */
  #isClosed = false
  #done: Promise<void> = Promise.resolve()

  constructor(exporter: Exporter, config: LaneConfig, host: LaneHost) {
    this.#config = config
    this.#host = host
    this.#attempts = new Attempts(exporter, config, host, this.#abort.signal)
    this.#refusals = new Refusals(this.#attempts, host, this.#abort.signal)
    this.#queue = new LaneQueue(config.queue, host, item => this.#leave(item))
  }

  /** What waits in memory. */
  get queuedBytes(): number {
    return this.#queue.bytes
  }

  get capacityBytes(): number {
    return this.#config.queue.max_size
  }

  /** What waits on disk, with what is done but not yet deleted. */
  get backlogBytes(): number {
    return this.#backlog?.bytes ?? 0
  }

  get isCircuitOpen(): boolean {
    return this.#attempts.isOpen
  }

  /** How much may wait on disk, where there is a disk. */
  get backlogCapacityBytes(): number {
    return this.#config.queue.disk_size
  }

  /** Up to where what is on disk is exported; undefined without a disk. */
  get position(): LanePosition | undefined {
    return this.#backlog?.position
  }

  /** Whether nothing waits in it, on disk neither. */
  get isIdle(): boolean {
    const { next, end } = this.position ?? { next: 0, end: 0 }
    return this.#host.account.inFlight === 0 && next === end
  }

  /** Call before {@link start}. */
  useBacklog(backlog: Backlog): void {
    this.#backlog = backlog
    this.#queue.useBacklog(backlog, () => this.#wake())
  }

  hasRoom(): boolean {
    return !this.#closing.signal.aborted && this.#queue.bytes < this.#config.queue.max_size
  }

  push(batch: Batch): void {
    const { account } = this.#host
    account.received += batch.block.length
    if (this.#isClosed || this.#abort.signal.aborted) {
      account.refused += batch.block.length
      return batch.nack(CLOSED)
    }
    account.inFlight += batch.block.length
    const item = itemOf(batch)
    this.#unsettled.add(item)
    this.#queue.add(item)
    this.#wake()
  }

  start(): void {
    this.#done = this.#run()
  }

  /** Resolves when all that is in the lane now has left it: true, or false where some of it was handed back. */
  barrier(): Promise<boolean> {
    if (this.#unsettled.size === 0) return Promise.resolve(true)
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const barrier = { waitsFor: new Set(this.#unsettled), resolve }
    this.#barriers.add(barrier)
    this.#spillFor(barrier)
    return promise
  }

  /**
   * Exports what is queued until `deadline` fires, or with a backlog until the backend fails; what is left then goes to
   * disk, or back to its senders.
   */
  async close(deadline: AbortSignal): Promise<void> {
    for (const batch of await this.release(deadline)) batch.nack(CLOSED)
  }

  /** As {@link close}, but what would go back to its senders is returned, for the lane that follows. */
  async release(deadline: AbortSignal): Promise<Batch[]> {
    this.#closing.abort()
    this.#wake()
    const expire = () => this.#abort.abort(CLOSED)
    if (deadline.aborted) expire()
    else deadline.addEventListener('abort', expire, { once: true })
    await this.#done
    this.#isClosed = true
    this.#queue.spill(0)
    await this.#backlog?.close()
    return this.#queue.takeAll().map(item => this.#giveUp(item))
  }

  /** Frees what lies before `entry` on disk. */
  async removeBefore(entry: number): Promise<void> {
    await this.#backlog?.removeBefore(entry)
  }

  #wake(): void {
    this.#isWoken = true
    this.#resume()
  }

  async #run(): Promise<void> {
    // Without a disk a lane that closes has nothing better to do than to try until the deadline.
    const interrupted = this.#backlog === undefined ? this.#abort.signal : this.#closing.signal
    while (!this.#abort.signal.aborted) {
      const isReady = await this.#attempts.ready(interrupted)
      if (this.#closing.signal.aborted && this.#canLeaveRest()) break
      if (!isReady) continue
      this.#isWoken = false
      const items = await this.#next()
      if (items === undefined) continue
      if (items.length > 0) await this.#deliver(items)
      else if (this.#closing.signal.aborted) break
      else if (!this.#isWoken) await new Promise<void>(resolve => (this.#resume = resolve))
    }
  }

  /** Undefined where what waits cannot be read now. */
  async #next(): Promise<readonly Item[] | undefined> {
    try {
      // A backend that was gone gets one batch first.
      return await this.#queue.next(this.#attempts.isOpen ? 1 : this.#config.queue.max_batch)
    } catch (error) {
      this.#host.log.error({ err: describeError(error) }, 'what waits on disk cannot be read')
      this.#attempts.failed(error as Error)
      return undefined
    }
  }

  async #deliver(items: readonly Item[]): Promise<void> {
    const now = this.#host.clock.now()
    for (const item of items) item.triedSince ??= now
    const block = joinBlocks(items.map(item => item.block))
    const error = await this.#attempts.export(block)
    if (error === undefined) for (const item of items) this.#exported(item)
    else if (isRefusal(error)) await this.#refused(items, block, error)
    else this.#putBack(items)
  }

  /** What of `block` the backend refuses for good goes to the dead letters. */
  async #refused(items: readonly Item[], block: Block, error: ExportError): Promise<void> {
    try {
      const refusals = await this.#refusals.sortOut(block, error)
      const refused = refusedOf(items, refusals)
      for (const [i, item] of items.entries())
        if (refused[i] === 0) this.#exported(item)
        else this.#drop(item, error.reason, refused[i])
    } catch (thrown) {
      if (thrown !== this.#abort.signal.reason) throw thrown
      this.#putBack(items)
    }
  }

  #putBack(items: readonly Item[]): void {
    const limit = this.#config.retry.max_elapsed_time
    const now = this.#host.clock.now()
    const isOver = ({ triedSince }: Item) => limit > 0 && now - triedSince! >= limit
    this.#queue.putBack(items.filter(item => !isOver(item)))
    const over = items.filter(isOver)
    if (over.length === 0) return
    this.#host.log.error({ batches: over.length }, 'gave up on what could not be sent within max_elapsed_time')
    for (const item of over) this.#drop(item, 'retries_exhausted', item.block.length)
  }

  #canLeaveRest(): boolean {
    return this.#backlog !== undefined && (this.#attempts.isFailing || !this.#backlog.isEmpty)
  }

  #exported(item: Item): void {
    this.#host.account.sent += item.block.length
    this.#end(item, batch => batch.ack())
  }

  /** `refused` of its items are given up; the backend has the others. */
  #drop(item: Item, reason: string, refused: number): void {
    this.#host.account.drop(reason, refused)
    this.#host.account.sent += item.block.length - refused
    this.#end(item, batch => batch.drop(reason, refused))
  }

  #end(item: Item, settle: (batch: Batch) => void): void {
    this.#host.account.inFlight -= item.block.length
    const { batch } = item
    this.#queue.done(item)
    if (batch === undefined) return
    this.#leave(item)
    settle(batch)
  }

  /** Neither the backend nor the disk has it. */
  #giveUp(item: Item): Batch {
    for (const { resolve } of this.#barriers) resolve(false)
    this.#barriers.clear()
    const { batch, block } = item
    this.#host.account.inFlight -= block.length
    this.#host.account.refused += block.length
    this.#leave(item)
    return batch!
  }

  /** Its batch is settled. */
  #leave(item: Item): void {
    item.batch = undefined
    this.#unsettled.delete(item)
    for (const barrier of this.#barriers) {
      barrier.waitsFor.delete(item)
      if (barrier.waitsFor.size > 0) continue
      this.#barriers.delete(barrier)
      barrier.resolve(true)
    }
  }

  /** Again and again: the disk may be full, or fail. */
  #spillFor(barrier: Barrier): void {
    if (this.#backlog === undefined) return
    this.#host.clock.setTimer(BARRIER_GRACE_MS, () => {
      if (!this.#barriers.has(barrier)) return
      this.#queue.spill(0)
      this.#spillFor(barrier)
    })
  }
}
