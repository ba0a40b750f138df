import type { Logger } from 'pino'
import type { Batch } from '../../batch/batch.ts'
import type { SendingQueueConfig } from '../../config/exporter-options.ts'
import { describeError, WeirError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import { itemsIn, pickItems } from '../../model/ranges.ts'
import type { ComponentState } from '../../plugin/context.ts'
import type { Exporter } from '../../plugin/contract.ts'
import type { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { Edges } from '../../telemetry/edge.ts'
import type { QueuePosition } from '../checkpoint/file.ts'
import type { DeadLetterStore } from '../dead-letters/store.ts'
import type { Sink } from '../graph/fan-out.ts'
import { Completions } from './completions.ts'
import { DirectExport } from './direct-export.ts'
import type { DiskBuffer } from './disk-buffer.ts'
import type { Failure } from './failure.ts'
import { BatchQueue } from './queue.ts'
import { type JoinedBatches, type QueuedBatch, queuedBatchOf, rangesOf, resultsOf } from './queued-batch.ts'
import { RejectedItems } from './rejected-items.ts'
import { RetrySender } from './retry.ts'
import type { BlockTenants } from './tenant-turns.ts'

const CLOSED = new WeirError('QUEUE_FULL', 'the exporter is being shut down; try again later')

export interface SendingQueueHost {
  readonly account: Account
  readonly clock: Clock
  readonly log: Logger
  /** Takes the items that the backend refuses for good. Undefined if they are dropped. */
  readonly deadLetters: DeadLetterStore | undefined
  readonly id: string
  readonly edges: Edges
  /** Undefined if data belongs to no tenants. */
  readonly tenants?: BlockTenants | undefined
  status(state: ComponentState, reason?: string): void
}

/**
 * An exporter's own queue. One export runs at a time; batches that arrive meanwhile are joined into the next one. A
 * batch is settled once the backend has it or, with a disk buffer, once it is on disk. Items that the backend will
 * never take are dropped, one by one. Batches are nacked only when the sending queue closes.
 */
export class SendingQueue implements Sink {
  #config: SendingQueueConfig
  #host: SendingQueueHost
  #retry: RetrySender
  #rejectedItems: RejectedItems
  #queue: BatchQueue
  #completions: Completions
  /** For dead letters. */
  readonly direct: DirectExport
  #diskBuffer: DiskBuffer | undefined
  #closing = new AbortController()
  #resume = () => {}
  /** Something may have come since the queue was last looked at. */
  #isWoken = false
  #abort = new AbortController()
  /** Nobody looks at the queue any more. */
  #isClosed = false
  #done: Promise<void> = Promise.resolve()

  constructor(exporter: Exporter, config: SendingQueueConfig, host: SendingQueueHost) {
    this.#config = config
    this.#host = host
    this.#retry = new RetrySender(exporter, config, host, this.#abort.signal)
    this.#rejectedItems = new RejectedItems(this.#retry, host)
    this.#queue = new BatchQueue(config.queue, host, block => exporter.requestsIn?.(block) ?? [])
    this.#completions = new Completions(this.#queue, host.account)
    this.direct = new DirectExport(this.#retry, host.account, this.#closing.signal)
  }

  /** Bytes waiting in memory. */
  get queuedBytes(): number {
    return this.#queue.bytes
  }

  /** When the oldest of the batches that wait came here, Unix ms; undefined if none waits. */
  get oldest(): number | undefined {
    return this.#queue.oldest
  }

  get capacityBytes(): number {
    return this.#config.queue.max_size
  }

  /** Bytes on disk: batches that wait, and those that are exported but not yet deleted. */
  get diskBufferBytes(): number {
    return this.#diskBuffer?.bytes ?? 0
  }

  get isCircuitOpen(): boolean {
    return this.#retry.circuit.isOpen
  }

  /** Most bytes that may wait on disk, if there is a disk. */
  get diskBufferCapacityBytes(): number {
    return this.#config.queue.disk_size
  }

  /** The position up to which the disk buffer is exported. Undefined without a disk. */
  get position(): QueuePosition | undefined {
    return this.#diskBuffer?.position
  }

  /** True if no batch waits, on disk neither. */
  get isIdle(): boolean {
    const { next, end } = this.position ?? { next: 0, end: 0 }
    return this.#host.account.inFlight === 0 && next === end
  }

  /** Call before {@link start}. */
  useDiskBuffer(diskBuffer: DiskBuffer): void {
    this.#diskBuffer = diskBuffer
    this.#queue.useDiskBuffer(diskBuffer, () => this.#wake())
  }

  hasRoom(block?: Block): boolean {
    return !this.#closing.signal.aborted && this.#queue.hasRoom(block)
  }

  push(batch: Batch): void {
    const { account, clock, edges, tenants } = this.#host
    edges.received.pass(batch.block)
    const isRefused = this.#isClosed || this.#abort.signal.aborted
    account.book(batch.block, items => {
      account.received += items
      if (isRefused) account.refused += items
      else account.inFlight += items
    })
    if (isRefused) return batch.nack(CLOSED)
    const tenant = tenants === undefined ? '' : tenants.of(batch.block)
    this.#queue.add(queuedBatchOf(batch, clock.now(), tenant))
    this.#wake()
  }

  start(): void {
    this.direct.start()
    this.#done = this.#run()
  }

  /**
   * Exports the queue until `deadline` fires, or with a disk buffer until the backend fails. The rest then goes to
   * disk, or back to its senders.
   */
  async close(deadline: AbortSignal): Promise<void> {
    for (const batch of await this.release(deadline)) batch.nack(CLOSED)
  }

  /**
   * Like {@link close}, but returns the batches that would go back to their senders, for the next sending queue. Of a
   * batch that is exported in part it returns the rest.
   */
  async release(deadline: AbortSignal): Promise<Batch[]> {
    this.#closing.abort()
    // Without a disk it may try until the deadline, and a backend may have asked to be left alone for longer.
    this.#retry.hurry()
    this.#wake()
    const expire = () => this.#abort.abort(CLOSED)
    if (deadline.aborted) expire()
    else deadline.addEventListener('abort', expire, { once: true })
    await this.#done
    await this.direct.ended(deadline)
    this.#isClosed = true
    this.#queue.moveAllToDisk()
    await this.#diskBuffer?.close()
    return this.#queue.takeAll().map(queued => this.#giveUp(queued))
  }

  /** Moves waiting batches to disk, if there is one. */
  overflowToDisk(): void {
    this.#queue.overflowToDisk(0)
  }

  /** Frees the entries before `entry` on disk. */
  async removeBefore(entry: number): Promise<void> {
    await this.#diskBuffer?.removeBefore(entry)
  }

  #wake(): void {
    this.#isWoken = true
    this.#resume()
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const isReady = await this.#retry.ready(this.#leaving)
      if (this.#closing.signal.aborted && this.#canLeaveRest()) break
      if (!isReady) continue
      this.#isWoken = false
      const { isSuspect } = this.#retry.circuit
      const joined = await this.#next(isSuspect)
      if (joined !== undefined) await this.#deliver(joined, isSuspect)
      else if (this.#isWoken) continue
      else if (this.#closing.signal.aborted) break
      else await new Promise<void>(resolve => (this.#resume = resolve))
    }
  }

  /** Undefined if no batch waits, or the next cannot be read now. */
  async #next(isSuspect: boolean): Promise<JoinedBatches | undefined> {
    const { isProbing, circuit } = this.#retry
    const { isOpen } = circuit
    // A backend that was gone gets one batch first. One that is suspect gets all, which is sorted out piece by piece.
    const maxItems = isOpen && !isSuspect ? 1 : this.#config.queue.max_batch
    try {
      return await this.#queue.next(maxItems, isSuspect || (isOpen && !isProbing))
    } catch (error) {
      this.#host.log.error({ err: describeError(error) }, 'the disk buffer cannot be read')
      this.#retry.failed(error as Error)
      this.#isWoken = true
      return undefined
    }
  }

  /** @param isSuspect whether it is tried in pieces at once, for as a whole it failed often with an unknown error */
  async #deliver(joined: JoinedBatches, isSuspect: boolean): Promise<void> {
    const now = this.#host.clock.now()
    for (const queued of joined.batches) queued.triedSince ??= now
    if (isSuspect) return this.#sortOut(joined, undefined)
    const failure = await this.#retry.export(joined.block)
    if (failure === undefined) {
      this.#sent(joined.block)
      for (const queued of joined.batches) this.#completions.exported(queued)
    } else if (failure.kind === 'refused' || failure.kind === 'fault' || failure.failed !== undefined)
      await this.#sortOut(joined, failure)
    else this.#putBack(joined.batches)
  }

  /** Items that can never be exported go to the dead letters; those that there was no time for stay. */
  async #sortOut({ batches, block }: JoinedBatches, failure: Failure | undefined): Promise<void> {
    const ranges = rangesOf(batches)
    const limits = { leaving: this.#leaving, isOver: () => batches.some(queued => this.#isOver(queued)) }
    const sorted = await this.#rejectedItems.sortOut(block, ranges, failure, limits)
    const rest: QueuedBatch[] = []
    for (const [i, result] of resultsOf(sorted, ranges).entries()) {
      const queued = batches[i]
      const sent = itemsIn(result.sent)
      if (sent > 0) this.#sent(sent === queued.block.length ? queued.block : pickItems(queued.block, result.sent))
      if (result.left.length === 0) this.#completions.complete(queued, result)
      else rest.push(queued)
      if (result.left.length > 0 && itemsIn(result.left) < queued.block.length)
        this.#completions.completePart(queued, result)
    }
    this.#putBack(rest)
  }

  #sent(block: Block): void {
    this.#host.edges.sent.timed(block, this.#host.clock.now())
  }

  #putBack(batches: readonly QueuedBatch[]): void {
    const over = new Set(batches.filter(queued => this.#isOver(queued)))
    this.#queue.putBack(batches.filter(queued => !over.has(queued)))
    if (over.size === 0) return
    this.#host.log.error({ batches: over.size }, 'gave up on batches that could not be sent within max_elapsed_time')
    for (const queued of over) this.#completions.giveUp(queued, 'retries_exhausted')
  }

  #isOver({ triedSince }: QueuedBatch): boolean {
    const limit = this.#config.retry.max_elapsed_time
    return limit > 0 && this.#host.clock.now() - triedSince! >= limit
  }

  /** Fires when a closing sending queue is to end its tries. Without a disk it can as well try until the deadline. */
  get #leaving(): AbortSignal {
    return this.#diskBuffer === undefined ? this.#abort.signal : this.#closing.signal
  }

  #canLeaveRest(): boolean {
    return this.#diskBuffer !== undefined && (this.#retry.circuit.isFailing || !this.#diskBuffer.isEmpty)
  }

  /** Neither the backend nor the disk has it. */
  #giveUp(queued: QueuedBatch): Batch {
    const { batch, block } = queued
    const { account } = this.#host
    account.book(block, items => {
      account.inFlight -= items
      account.refused += items
    })
    queued.batch = undefined
    return batch!
  }
}
