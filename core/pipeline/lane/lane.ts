import type { Logger } from 'pino'
import type { LaneConfig } from '../../config/exporter-options.ts'
import { describeError, WeirError } from '../../errors.ts'
import type { LanePosition } from '../../journal/checkpoint.ts'
import type { DeadLetters } from '../../journal/dead-letters.ts'
import { itemsIn } from '../../model/ranges.ts'
import type { ComponentState } from '../../plugin/context.ts'
import type { Exporter } from '../../plugin/contract.ts'
import type { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Batch } from '../batch.ts'
import type { Sink } from '../sink.ts'
import { Attempts } from './attempts.ts'
import type { Backlog } from './backlog.ts'
import { Completions, NONE } from './completions.ts'
import type { Failure } from './failure.ts'
import { fatesOf, type Item, itemOf, type Joined, placesOf } from './item.ts'
import { LaneQueue } from './queue.ts'
import { Refusals } from './refusals.ts'

const CLOSED = new WeirError('QUEUE_FULL', 'the exporter is being shut down; try again later')

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
  #completions: Completions
  #backlog: Backlog | undefined
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
    this.#refusals = new Refusals(this.#attempts, host)
    this.#queue = new LaneQueue(config.queue, host)
    this.#completions = new Completions(this.#queue, host.account)
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
    this.#queue.add(itemOf(batch))
    this.#wake()
  }

  start(): void {
    this.#done = this.#run()
  }

  /**
   * Exports what is queued until `deadline` fires, or with a backlog until the backend fails; what is left then goes to
   * disk, or back to its senders.
   */
  async close(deadline: AbortSignal): Promise<void> {
    for (const batch of await this.release(deadline)) batch.nack(CLOSED)
  }

  /**
   * As {@link close}, but what would go back to its senders is returned, for the lane that follows: of a batch that is done
   * in part, what is left.
   */
  async release(deadline: AbortSignal): Promise<Batch[]> {
    this.#closing.abort()
    // Without a disk it may try until the deadline, and a backend may have asked to be left alone for longer.
    this.#attempts.hurry()
    this.#wake()
    const expire = () => this.#abort.abort(CLOSED)
    if (deadline.aborted) expire()
    else deadline.addEventListener('abort', expire, { once: true })
    await this.#done
    this.#isClosed = true
    this.#queue.spillAll()
    await this.#backlog?.close()
    return this.#queue.takeAll().map(item => this.#giveUp(item))
  }

  /** Moves what waits to disk, where there is one. */
  spill(): void {
    this.#queue.spill(0)
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
    while (!this.#abort.signal.aborted) {
      const isReady = await this.#attempts.ready(this.#leaving)
      if (this.#closing.signal.aborted && this.#canLeaveRest()) break
      if (!isReady) continue
      this.#isWoken = false
      const { isSuspect } = this.#attempts
      const joined = await this.#next(isSuspect)
      if (joined !== undefined) await this.#deliver(joined, isSuspect)
      else if (this.#isWoken) continue
      else if (this.#closing.signal.aborted) break
      else await new Promise<void>(resolve => (this.#resume = resolve))
    }
  }

  /** Undefined where nothing waits, or what waits cannot be read now. */
  async #next(isSuspect: boolean): Promise<Joined | undefined> {
    const { isOpen, isProbing } = this.#attempts
    // A backend that was gone gets one batch first. One that is suspect gets all, which is sorted out piece by piece.
    const maxItems = isOpen && !isSuspect ? 1 : this.#config.queue.max_batch
    try {
      return await this.#queue.next(maxItems, isSuspect || (isOpen && !isProbing))
    } catch (error) {
      this.#host.log.error({ err: describeError(error) }, 'what waits on disk cannot be read')
      this.#attempts.failed(error as Error)
      this.#isWoken = true
      return undefined
    }
  }

  /** @param isSuspect whether it is tried in pieces at once, for as a whole it failed often with an unknown error */
  async #deliver(joined: Joined, isSuspect: boolean): Promise<void> {
    const now = this.#host.clock.now()
    for (const item of joined.items) item.triedSince ??= now
    if (isSuspect) return this.#sortOut(joined, undefined)
    const failure = await this.#attempts.export(joined.block)
    if (failure === undefined) for (const item of joined.items) this.#completions.complete(item, NONE)
    else if (failure.kind === 'refused' || failure.kind === 'fault' || failure.failed !== undefined)
      await this.#sortOut(joined, failure)
    else this.#putBack(joined.items)
  }

  /** Items that can never be exported go to the dead letters; those that there was no time for stay. */
  async #sortOut({ items, block }: Joined, failure: Failure | undefined): Promise<void> {
    const places = placesOf(items)
    const limits = { leaving: this.#leaving, isOver: () => items.some(item => this.#isOver(item)) }
    const verdict = await this.#refusals.sortOut(block, places, failure, limits)
    const rest: Item[] = []
    for (const [i, fate] of fatesOf(verdict, places).entries()) {
      const item = items[i]
      if (fate.left.length === 0) this.#completions.complete(item, fate.dropped)
      else rest.push(item)
      if (fate.left.length > 0 && itemsIn(fate.left) < item.block.length) this.#completions.completePart(item, fate)
    }
    this.#putBack(rest)
  }

  #putBack(items: readonly Item[]): void {
    const over = new Set(items.filter(item => this.#isOver(item)))
    this.#queue.putBack(items.filter(item => !over.has(item)))
    if (over.size === 0) return
    this.#host.log.error({ batches: over.size }, 'gave up on what could not be sent within max_elapsed_time')
    for (const item of over) this.#completions.complete(item, new Map([['retries_exhausted', item.block.length]]))
  }

  #isOver({ triedSince }: Item): boolean {
    const limit = this.#config.retry.max_elapsed_time
    return limit > 0 && this.#host.clock.now() - triedSince! >= limit
  }

  /** Fires when a lane that closes is to try no more what fails: without a disk it can as well try until the deadline. */
  get #leaving(): AbortSignal {
    return this.#backlog === undefined ? this.#abort.signal : this.#closing.signal
  }

  #canLeaveRest(): boolean {
    return this.#backlog !== undefined && (this.#attempts.isFailing || !this.#backlog.isEmpty)
  }

  /** Neither the backend nor the disk has it. */
  #giveUp(item: Item): Batch {
    const { batch, block } = item
    this.#host.account.inFlight -= block.length
    this.#host.account.refused += block.length
    item.batch = undefined
    return batch!
  }
}
