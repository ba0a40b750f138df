import type { Logger } from 'pino'
import type { Batch } from '../../batch/batch.ts'
import { describeError, WeirError } from '../../errors.ts'
import type { Entry } from '../../journal/entry.ts'
import type { Journal } from '../../journal/journal.ts'
import { blockBytes } from '../../model/block.ts'
import type { ComponentState } from '../../plugin/context.ts'
import type { Account } from '../../telemetry/account.ts'
import type { Clock } from '../../telemetry/clock.ts'
import type { VirtualClock } from '../../telemetry/virtual-clock.ts'

const TICK_MS = 50
/** After a failed write, how long to refuse before the next try. */
const RETRY_MS = 1000

export interface JournalAppenderOptions {
  readonly journal: Journal
  /** The clock of processors, which moves only with entries. */
  readonly pipelineClock: VirtualClock
  readonly clock: Clock
  readonly account: Account
  readonly log: Logger
  status(state: ComponentState, reason?: string): void
}

/**
 * The way into the journal: batches are acknowledged once they are on disk, and time goes by with entries of its own.
 */
export class JournalAppender {
  #options: JournalAppenderOptions
  /** Appended, and not yet on disk. */
  #unacknowledged: { readonly number: number; readonly batch: Batch }[] = []
  #lastTime: number
  /** For a while after a failed write. */
  #refusing = false
  #isClosed = false
  #cancelTick = () => {}

  constructor(options: JournalAppenderOptions) {
    this.#options = options
    this.#lastTime = options.pipelineClock.now()
  }

  /** True if every batch it took is on disk or back with its sender. */
  get isSettled(): boolean {
    return this.#unacknowledged.length === 0
  }

  take(batch: Batch): void {
    const { account, journal } = this.#options
    const refusal = this.#refusal()
    account.book(batch.block, items => {
      account.received += items
      if (refusal === undefined) account.inFlight += items
      else account.refused += items
    })
    if (refusal !== undefined) return batch.nack(new WeirError('QUEUE_FULL', refusal))
    const { source, request, deadLetter } = batch.origin
    const { block } = batch
    const entry: Entry = { kind: 'data', time: this.#time(), source, request: request?.(), deadLetter, block }
    this.#unacknowledged.push({ number: journal.append(entry, blockBytes(batch.block)), batch })
  }

  committed(entry: number): void {
    while (this.#unacknowledged.length > 0 && this.#unacknowledged[0].number < entry)
      this.#unacknowledged.shift()!.batch.ack()
    this.#options.status('ok')
  }

  failed(error: Error): void {
    const { account, log, clock, status } = this.#options
    const reason = `the journal cannot be written: ${describeError(error)}`
    log.error(
      { err: describeError(error) },
      'the journal cannot be written; requests that are not acknowledged are refused'
    )
    status('degraded', reason)
    // By a timer: the clock may be set back.
    this.#refusing = true
    clock.setTimer(RETRY_MS, () => {
      this.#refusing = false
    })
    for (const { batch } of this.#unacknowledged.splice(0)) {
      account.book(batch.block, items => {
        account.inFlight -= items
        account.refused += items
      })
      batch.nack(new WeirError('QUEUE_FULL', reason))
    }
  }

  /** If nothing comes in but a processor waits for time to go by, an entry of its own moves the time. */
  startTicking(): void {
    const { clock, pipelineClock, journal } = this.#options
    this.#cancelTick = clock.setTimer(TICK_MS, () => {
      this.startTicking()
      const now = clock.now()
      const isDue = pipelineClock.nextTimer <= now && this.#lastTime < now
      if (isDue && journal.unread === 0 && this.#refusal() === undefined)
        journal.append({ kind: 'tick', time: this.#time() }, 0)
    })
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true
    this.#cancelTick()
  }

  /** The reason why nothing is taken now. Undefined if batches are taken. */
  #refusal(): string | undefined {
    if (this.#isClosed) return 'Weir is shutting down'
    const { journal } = this.#options
    if (this.#refusing || journal.isFailing) return 'the journal cannot be written'
    return journal.isFull ? 'the journal is full: exporters are behind' : undefined
  }

  #time(): number {
    this.#lastTime = Math.max(this.#lastTime, this.#options.clock.now())
    return this.#lastTime
  }
}
