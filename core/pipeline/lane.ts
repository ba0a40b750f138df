import type { Logger } from 'pino'
import { describeError, ExportError, WeirError } from '../errors.ts'
import { type Block, blockBytes } from '../model/block.ts'
import { joinBlocks } from '../model/join.ts'
import type { ComponentState } from '../plugin/context.ts'
import type { Exporter } from '../plugin/contract.ts'
import type { Account } from '../telemetry/account.ts'
import { type Clock, sleep } from '../telemetry/clock.ts'
import type { Batch } from './batch.ts'
import type { LaneConfig } from './lane-config.ts'
import type { Sink } from './sink.ts'

const BACKOFF_FACTOR = 2

interface LaneHost {
  readonly account: Account
  readonly clock: Clock
  readonly log: Logger
  status(state: ComponentState, reason?: string): void
}

/**
 * An exporter's own queue. One export runs at a time, so order is kept; what arrives meanwhile is joined into the next
 * one. A batch is acknowledged once the backend has it, dropped where the backend will never take it, and handed back
 * only when the lane closes.
 */
export class Lane implements Sink {
  #exporter: Exporter
  #config: LaneConfig
  #host: LaneHost
  #queue: Batch[] = []
  #queuedBytes = 0
  /** Batches so far; they leave in the order they entered. */
  #entered = 0
  #left = 0
  #barriers: { readonly at: number; resolve(allSettled: boolean): void }[] = []
  #closing = false
  #wake: () => void = () => {}
  #abort = new AbortController()
  #done: Promise<void> = Promise.resolve()

  constructor(exporter: Exporter, config: LaneConfig, host: LaneHost) {
    this.#exporter = exporter
    this.#config = config
    this.#host = host
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get capacityBytes(): number {
    return this.#config.queue.max_size
  }

  hasRoom(): boolean {
    return !this.#closing && this.#queuedBytes < this.#config.queue.max_size
  }

  push(batch: Batch): void {
    const { account } = this.#host
    account.received += batch.block.length
    account.inFlight += batch.block.length
    this.#queuedBytes += blockBytes(batch.block)
    this.#queue.push(batch)
    this.#entered++
    // After the deadline nobody looks at the queue any more.
    if (this.#abort.signal.aborted) this.#handBack(this.#queue.pop()!)
    else this.#wake()
  }

  start(): void {
    this.#done = this.#run()
  }

  /** Resolves when all that is in the lane now has left it: true, or false where some of it was handed back. */
  barrier(): Promise<boolean> {
    if (this.#left === this.#entered) return Promise.resolve(true)
    return new Promise(resolve => this.#barriers.push({ at: this.#entered, resolve }))
  }

  /** Exports what is queued until `deadline` fires; what is left then goes back to its senders. */
  async close(deadline: AbortSignal): Promise<void> {
    this.#closing = true
    this.#wake()
    const expire = () => this.#abort.abort(new WeirError('QUEUE_FULL', 'Weir is shutting down'))
    if (deadline.aborted) expire()
    else deadline.addEventListener('abort', expire, { once: true })
    await this.#done
  }

  async #run(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      const batches = this.#next()
      if (batches.length > 0) await this.#deliver(batches)
      else if (this.#closing) return
      else await new Promise<void>(resolve => (this.#wake = resolve))
    }
    for (const batch of this.#queue.splice(0)) this.#handBack(batch)
  }

  /** The head of the queue: batches of one type, up to `max_batch` items. */
  #next(): Batch[] {
    let items = 0
    let count = 0
    for (const { block } of this.#queue) {
      const fits = count === 0 || items + block.length <= this.#config.queue.max_batch
      if (!fits || block.type !== this.#queue[0].block.type) break
      items += block.length
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #deliver(batches: Batch[]): Promise<void> {
    const block = joinBlocks(batches.map(batch => batch.block))
    const begun = this.#host.clock.now()
    for (let attempt = 0; ; attempt++) {
      const error = await this.#attempt(block)
      if (error === undefined) return this.#settle(batches, batch => this.#exported(batch))
      if (this.#abort.signal.aborted) return this.#settle(batches, batch => this.#handBack(batch))
      if (error instanceof ExportError && !error.retryable) return this.#refused(batches, error)
      const limit = this.#config.retry.max_elapsed_time
      if (limit > 0 && this.#host.clock.now() - begun >= limit) {
        this.#host.log.error(
          { items: block.length, err: describeError(error) },
          'gave up on a batch after max_elapsed_time'
        )
        return this.#settle(batches, batch => this.#drop(batch, 'retries_exhausted'))
      }
      await this.#backOff(attempt, error)
    }
  }

  /** One try; what went wrong, or undefined. */
  async #attempt(block: Block): Promise<Error | undefined> {
    const timeout = new AbortController()
    const { timeout: ms } = this.#config
    const cancel = this.#host.clock.setTimer(ms, () => timeout.abort(new Error(`no answer within ${ms} ms`)))
    const signal = AbortSignal.any([this.#abort.signal, timeout.signal])
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      // Closed since the last try: an exporter that does not look at its signal would be waited for without end.
      signal.throwIfAborted()
      await Promise.race([this.#exporter.export(block, signal), aborted])
      this.#host.status('ok')
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      signal.removeEventListener('abort', giveUp)
      cancel()
    }
  }

  async #backOff(attempt: number, error: Error): Promise<void> {
    const { initial_interval, max_interval } = this.#config.retry
    const grown = Math.min(max_interval, initial_interval * BACKOFF_FACTOR ** attempt)
    const asked = error instanceof ExportError ? (error.retryAfterMs ?? 0) : 0
    const wait = Math.max(asked, grown * (0.5 + Math.random() / 2))
    const reason = describeError(error)
    this.#host.status('degraded', reason)
    this.#host.log.warn(
      { attempt: attempt + 1, retry_in_ms: Math.round(wait), err: reason },
      'export failed; will retry'
    )
    await sleep(this.#host.clock, wait, this.#abort.signal).catch(() => {})
  }

  // Joined batches are tried alone, so that one bad batch does not take its neighbours with it.
  async #refused(batches: Batch[], error: ExportError): Promise<void> {
    if (batches.length > 1) {
      for (const batch of batches) await this.#deliver([batch])
      return
    }
    const items = batches[0].block.length
    this.#host.log.error(
      { items, reason: error.reason, err: describeError(error) },
      'the backend refused a batch for good'
    )
    this.#settle(batches, batch => this.#drop(batch, error.reason))
  }

  #settle(batches: readonly Batch[], how: (batch: Batch) => void): void {
    for (const batch of batches) how(batch)
  }

  #exported(batch: Batch): void {
    this.#leave(batch)
    this.#host.account.sent += batch.block.length
    batch.ack()
  }

  #drop(batch: Batch, reason: string): void {
    this.#leave(batch)
    this.#host.account.drop(reason, batch.block.length)
    batch.drop(reason)
  }

  #handBack(batch: Batch): void {
    for (const { resolve } of this.#barriers.splice(0)) resolve(false)
    this.#leave(batch)
    this.#host.account.refused += batch.block.length
    batch.nack(this.#abort.signal.reason)
  }

  #leave(batch: Batch): void {
    this.#left++
    while (this.#barriers.length > 0 && this.#barriers[0].at <= this.#left) this.#barriers.shift()!.resolve(true)
    this.#host.account.inFlight -= batch.block.length
    this.#queuedBytes -= blockBytes(batch.block)
  }
}
