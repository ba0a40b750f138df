import type { Batch } from '../../batch/batch.ts'
import type { CreditPool } from '../../batch/credits.ts'
import { describeError } from '../../errors.ts'
import type { DataEntry } from '../../journal/entry.ts'
import type { NumberedEntry } from '../../journal/reader.ts'
import { sleep } from '../../telemetry/clock.ts'
import type { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import type { DeadLetterStore } from '../dead-letters/store.ts'
import { DeadLetterWriter } from '../dead-letters/writer.ts'
import type { ReceiverFanOut } from '../graph/fan-out.ts'
import type { CooperativeScheduler } from './cooperative.ts'
import { EntrySettlements } from './entry-settlements.ts'
import { type Ingress, isUnwanted, noPipeline } from './ingress.ts'
import { JournalAppender, type JournalAppenderOptions } from './journal-append.ts'
import { Pause } from './pause.ts'

const ROOM_POLL_MS = 10
const READ_RETRY_MS = 1000
const GONE = 'a reload removed the pipelines to which it was to be replayed'
/** Items forwarded before the event loop gets its turn: less than a millisecond. */
const ITEMS_PER_TURN = 1000
/** For each so many entries that wait it is as much again: else more is taken in than is forwarded. */
const ENTRIES_BEHIND = 64
const MOST_TIMES = 16

export interface JournaledIngressOptions extends JournalAppenderOptions {
  readonly outputBudget: CreditPool
  readonly heldCredits: CreditPool
  readonly settlements: SettlementTracker
  /** Taken between entries. */
  readonly cooperative: CooperativeScheduler
  readonly deadLetters: DeadLetterStore | undefined
}

/**
 * Delivery level `journal`: a batch is acknowledged when the journal has it on disk, and goes on only then. What drives
 * processors, time included, comes out of the journal in order, so doing it again after a crash does the same.
 */
export class JournaledIngress implements Ingress {
  #options: JournaledIngressOptions
  #appender: JournalAppender
  #sinks: ReadonlyMap<string, ReceiverFanOut> = new Map()
  #nextEntry: number
  #isReadable = true
  /** Entries before this were appended by an earlier run. */
  readonly #ownFrom: number
  #draining = false
  #deadLetters: DeadLetterWriter
  readonly entrySettlements: EntrySettlements
  #stopped = false
  #pause = new Pause()
  #wake = () => {}
  #running: Promise<void> = Promise.resolve()

  constructor(options: JournaledIngressOptions) {
    this.#options = options
    this.#deadLetters = new DeadLetterWriter(options)
    this.entrySettlements = new EntrySettlements({ ...options, deadLetters: this.#deadLetters })
    const status: typeof options.status = (state, reason) => this.#isReadable && options.status(state, reason)
    this.#appender = new JournalAppender({ ...options, status })
    this.#nextEntry = options.journal.next
    this.#ownFrom = options.journal.next + options.journal.unread
  }

  /** The entry that is forwarded next: those before it are with the processors. */
  get nextEntry(): number {
    return this.#nextEntry
  }

  /** Resolves when every batch over which a processor failed is with the dead letters. */
  deadLettersWritten(): Promise<void> {
    return this.#deadLetters.done()
  }

  /** Forwards the entries that the journal still has, and from then on those that come. */
  start(): void {
    const { journal } = this.#options
    if (journal.unread > 0)
      this.#options.log.info({ entries: journal.unread }, 'processing the remaining entries of the journal')
    this.entrySettlements.restored()
    this.#running = this.#run().finally(() => this.#options.cooperative.leave())
    this.#appender.startTicking()
  }

  push(receiver: string, batch: Batch): void {
    const { origin, block } = batch
    if (origin.deadLetter === undefined && isUnwanted(this.#sinks.get(receiver), block.type))
      batch.nack(noPipeline(receiver, block.type))
    else this.#appender.take(batch)
  }

  committed(entry: number): void {
    this.#appender.committed(entry)
    this.#wake()
  }

  failed(error: Error): void {
    this.#appender.failed(error)
    this.#wake()
  }

  connect(sinks: ReadonlyMap<string, ReceiverFanOut>): void {
    this.#sinks = sinks
  }

  caughtUp(deadline: AbortSignal): Promise<boolean> {
    return this.#forwardedBefore(this.#options.journal.appended, deadline)
  }

  replayCompleted(deadline: AbortSignal): Promise<boolean> {
    return this.#forwardedBefore(this.#ownFrom, deadline)
  }

  pause(): Promise<void> {
    const reached = this.#pause.ask()
    this.#wake()
    return Promise.race([reached, this.#running])
  }

  resume(): void {
    this.#pause.end()
  }

  async drain(deadline: AbortSignal): Promise<void> {
    this.#draining = true
    this.entrySettlements.isStopping = true
    this.#appender.close()
    // A reload could neither be done nor undone. The processors that are there must not get any more.
    if (this.#pause.isAsked) this.#stop()
    this.#pause.end()
    deadline.addEventListener('abort', () => this.#stop(), { once: true })
    if (deadline.aborted) this.#stop()
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { journal, pipelineClock } = this.#options
    this.#driveCooperation()
    let next: NumberedEntry | undefined
    for (let handed = 0; !this.#stopped; ) {
      await this.#takeCooperativeSteps()
      if (this.#pause.isAsked) {
        await this.#rest()
        continue
      }
      next ??= journal.readFromMemory() ?? (await this.#read())
      if (next === undefined) {
        if (this.#draining && this.#appender.isSettled && journal.unread === 0) return
        await this.#somethingNew()
        continue
      }
      // At a stop it is not forwarded, so it is still the journal's: the next start begins with it.
      if (!(await this.#hasRoomNow())) continue
      pipelineClock.advanceTo(next.entry.time)
      await this.#takeCooperativeSteps()
      // The windows that closed by this may have filled a sending queue, which would hand the entry back.
      if (!(await this.#hasRoomNow())) continue
      this.#handOn(next)
      handed += next.entry.kind === 'data' ? next.entry.block.length : 1
      next = undefined
      if (handed < this.#itemsPerTurn) continue
      handed = 0
      await new Promise(setImmediate)
    }
  }

  get #itemsPerTurn(): number {
    const times = 1 + Math.floor(this.#options.journal.unread / ENTRIES_BEHIND)
    return ITEMS_PER_TURN * Math.min(times, MOST_TIMES)
  }

  /** The next entry on disk. Undefined if there is none, or, after a pause, if it cannot be read now. */
  async #read(): Promise<NumberedEntry | undefined> {
    const { journal, status, log, clock } = this.#options
    try {
      const next = await journal.read()
      if (!this.#isReadable) status('ok')
      this.#isReadable = true
      return next
    } catch (error) {
      const reason = `the journal cannot be read on: ${describeError(error)}`
      this.#isReadable = false
      status('failed', reason)
      log.error({ retry_in_ms: READ_RETRY_MS }, `${reason}; nothing is processed meanwhile`)
      await sleep(clock, READ_RETRY_MS)
      return undefined
    }
  }

  async #takeCooperativeSteps(): Promise<void> {
    const { cooperative } = this.#options
    while (!cooperative.isDone) {
      cooperative.takeOne()
      await new Promise(setImmediate)
    }
  }

  #driveCooperation(): void {
    this.#options.cooperative.drive(() => this.#wake())
  }

  async #rest(): Promise<void> {
    this.#options.cooperative.leave()
    await this.#pause.take()
    this.#driveCooperation()
  }

  async #forwardedBefore(entry: number, deadline: AbortSignal): Promise<boolean> {
    const { clock, journal } = this.#options
    // Entries that could not be written are given their numbers anew.
    const isThere = () => this.#nextEntry >= Math.min(entry, journal.appended)
    while (!isThere() && !deadline.aborted) await sleep(clock, ROOM_POLL_MS)
    return isThere()
  }

  #somethingNew(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
      // It may have come since the journal was asked.
      const { journal, cooperative } = this.#options
      if (journal.unread > 0 || !cooperative.isDone || this.#pause.isAsked || this.#stopped) resolve()
    })
  }

  /** Waits for room. Resolves to false at a stop, and when a pause was asked for. */
  async #hasRoomNow(): Promise<boolean> {
    while (!this.#hasRoom() || this.#options.heldCredits.isSpent) {
      if (this.#stopped || this.#pause.isAsked) return false
      if (this.#hasRoom()) await this.#letTimePass()
      else await sleep(this.#options.clock, ROOM_POLL_MS)
      await this.#takeCooperativeSteps()
    }
    return !this.#stopped
  }

  /**
   * Operators hold as much as they may, and some of them wait for time to go by, which no entry brings meanwhile. It
   * goes by from timer to timer, never ahead of the machine's: how much of it has to is the same when this is processed
   * again.
   */
  async #letTimePass(): Promise<void> {
    const { clock, pipelineClock } = this.#options
    const next = pipelineClock.nextTimer
    if (next <= clock.now()) pipelineClock.advanceTo(next)
    else await sleep(clock, Math.min(ROOM_POLL_MS, next - clock.now()))
  }

  #handOn({ number, entry }: NumberedEntry): void {
    if (entry.kind === 'data') this.#handOnData(number, entry)
    this.#nextEntry = number + 1
  }

  #handOnData(number: number, data: DataEntry): void {
    const { source, request, deadLetter, block, time } = data
    const { account } = this.#options
    if (deadLetter !== undefined) this.#deadLetters.delivered(deadLetter.key)
    const sink = this.#sinks.get(source)
    account.book(block, items => {
      if (number < this.#ownFrom) account.produced += items
      else account.inFlight -= items
    })
    const entry = { number, time, block }
    if (!sink?.hasAll(deadLetter?.pipelines, block.type)) {
      account.book(block, items => account.drop('receiver_gone', items))
      // Nobody has the dead letter any more that it was.
      if (deadLetter !== undefined)
        void this.#deadLetters.add({ source, request, entry }, new Error(GONE), deadLetter.pipelines)
      return
    }
    account.book(block, items => {
      account.sent += items
    })
    const origin = { source, request: request === undefined ? undefined : () => request, entry }
    const token = this.entrySettlements.open()
    const settle: Parameters<ReceiverFanOut['pushTo']>[3] = (outcome, nackedBy) => {
      if (outcome.status === 'nacked') {
        account.book(block, items => {
          account.sent -= items
          if (this.entrySettlements.isStopping) account.inFlight += items
          else account.drop('processor_failed', items)
        })
      } else if (number < this.#ownFrom) this.#deadLetters.succeeded(entry)
      this.entrySettlements.close(token, origin, outcome, nackedBy)
    }
    sink.pushTo(deadLetter?.pipelines, origin, block, settle, token)
  }

  #hasRoom(): boolean {
    if (this.#options.outputBudget.isSpent || this.#deadLetters.isBehind) return false
    for (const sink of this.#sinks.values()) if (!sink.hasRoom()) return false
    return true
  }

  #stop(): void {
    this.#stopped = true
    this.#deadLetters.giveUp()
    this.#wake()
  }
}
