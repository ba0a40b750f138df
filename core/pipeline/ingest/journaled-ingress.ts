import type { Batch } from '../../batch/batch.ts'
import { sleep } from '../../telemetry/clock.ts'
import type { ReceiverFanOut } from '../graph/fan-out.ts'
import { EntryForwarder, type EntryForwarderOptions } from './entry-forwarder.ts'
import type { EntrySettlements } from './entry-settlements.ts'
import { type Ingress, isUnwanted, noPipeline } from './ingress.ts'
import { JournalAppender, type JournalAppenderOptions } from './journal-append.ts'

const POLL_MS = 10

export type JournaledIngressOptions = JournalAppenderOptions &
  Omit<EntryForwarderOptions, 'entries' | 'name' | 'ownFrom' | 'isComplete'>

/**
 * Delivery level `journal`: a batch is acknowledged when the journal has it on disk, and goes on only then. What drives
 * processors, time included, comes out of the journal in order, so doing it again after a crash does the same.
 */
export class JournaledIngress implements Ingress {
  #options: JournaledIngressOptions
  #appender: JournalAppender
  #forwarder: EntryForwarder
  /** Entries before this were appended by an earlier run. */
  readonly #ownFrom: number

  constructor(options: JournaledIngressOptions) {
    const { journal } = options
    this.#options = options
    this.#ownFrom = journal.next + journal.unread
    this.#forwarder = new EntryForwarder({
      ...options,
      entries: journal,
      name: 'the journal',
      ownFrom: this.#ownFrom,
      isComplete: () => this.#appender.isSettled && journal.unread === 0
    })
    const status: typeof options.status = (state, reason) => this.#forwarder.isReadable && options.status(state, reason)
    this.#appender = new JournalAppender({ ...options, status })
  }

  /** The entry that is forwarded next: those before it are with the processors. */
  get nextEntry(): number {
    return this.#forwarder.nextEntry
  }

  get entrySettlements(): EntrySettlements {
    return this.#forwarder.entrySettlements
  }

  /** Resolves when every batch over which a processor failed is with the dead letters. */
  deadLettersWritten(): Promise<void> {
    return this.#forwarder.deadLettersWritten()
  }

  /** Forwards the entries that the journal still has, and from then on those that come. */
  start(): void {
    const { journal, log } = this.#options
    if (journal.unread > 0) log.info({ entries: journal.unread }, 'processing the remaining entries of the journal')
    this.#forwarder.start()
    this.#appender.startTicking()
  }

  push(receiver: string, batch: Batch): void {
    const { origin, block } = batch
    if (origin.deadLetter === undefined && isUnwanted(this.#forwarder.sinkOf(receiver), block.type))
      batch.nack(noPipeline(receiver, block.type))
    else this.#appender.take(batch)
  }

  committed(entry: number): void {
    this.#appender.committed(entry)
    this.#forwarder.wake()
  }

  failed(error: Error): void {
    this.#appender.failed(error)
    this.#forwarder.wake()
  }

  connect(sinks: ReadonlyMap<string, ReceiverFanOut>): void {
    this.#forwarder.connect(sinks)
  }

  caughtUp(deadline: AbortSignal): Promise<boolean> {
    return this.#forwardedBefore(this.#options.journal.appended, deadline)
  }

  replayCompleted(deadline: AbortSignal): Promise<boolean> {
    return this.#forwardedBefore(this.#ownFrom, deadline)
  }

  pause(): Promise<void> {
    return this.#forwarder.pause()
  }

  resume(): void {
    this.#forwarder.resume()
  }

  async drain(deadline: AbortSignal): Promise<void> {
    this.#appender.close()
    await this.#forwarder.drain(deadline)
  }

  async #forwardedBefore(entry: number, deadline: AbortSignal): Promise<boolean> {
    const { clock, journal } = this.#options
    // Entries that could not be written are given their numbers anew.
    const isThere = () => this.nextEntry >= Math.min(entry, journal.appended)
    while (!isThere() && !deadline.aborted) await sleep(clock, POLL_MS)
    return isThere()
  }
}
