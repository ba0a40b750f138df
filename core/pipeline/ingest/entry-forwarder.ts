import type { Logger } from 'pino'
import type { CreditPool } from '../../batch/credits.ts'
import { describeError } from '../../errors.ts'
import type { DataEntry } from '../../journal/entry.ts'
import type { NumberedEntry } from '../../journal/reader.ts'
import type { ComponentState } from '../../plugin/context.ts'
import type { Account } from '../../telemetry/account.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'
import type { VirtualClock } from '../../telemetry/virtual-clock.ts'
import type { SettlementTracker } from '../checkpoint/settlement-tracker.ts'
import type { DeadLetterStore } from '../dead-letters/store.ts'
import { DeadLetterWriter } from '../dead-letters/writer.ts'
import type { ReceiverFanOut } from '../graph/fan-out.ts'
import type { CooperativeScheduler } from './cooperative.ts'
import { EntrySettlements } from './entry-settlements.ts'
import { Pause } from './pause.ts'

const ROOM_POLL_MS = 10
const READ_RETRY_MS = 1000
const GONE = 'a reload removed the pipelines to which it was to be replayed'
/** Items forwarded before the event loop gets its turn: less than a millisecond. */
const ITEMS_PER_TURN = 1000
/** For each so many entries that wait it is as much again: else more is taken in than is forwarded. */
const ENTRIES_BEHIND = 64
const MOST_TIMES = 16

/** Entries in order: the journal, or a partition of a log that others keep. */
export interface EntryLog {
  /** Number of the entry that is read next. */
  readonly next: number
  /** Entries that are there and not read yet. */
  readonly unread: number
  /** The next entry, if it is in memory. */
  readFromMemory(): NumberedEntry | undefined
  /** The next entry. Undefined if all have been read. Rejects if it cannot be read now; it is then still the next. */
  read(): Promise<NumberedEntry | undefined>
}

export interface EntryForwarderOptions {
  readonly entries: EntryLog
  /** What `entries` is, for the log: `the journal`. */
  readonly name: string
  /** Set for the entries of a partition, whose numbers others have too. */
  readonly partition?: string
  /** The clock of processors, which moves only with entries. */
  readonly pipelineClock: VirtualClock
  readonly clock: Clock
  readonly account: Account
  readonly log: Logger
  readonly outputBudget: CreditPool
  readonly heldCredits: CreditPool
  readonly settlements: SettlementTracker
  /** Taken between entries. */
  readonly cooperative: CooperativeScheduler
  readonly deadLetters: DeadLetterStore | undefined
  /** Entries before this one were received by an earlier run. */
  readonly ownFrom: number
  /** Called at a stop. True if no entry will come any more. */
  isComplete(): boolean
  status(state: ComponentState, reason?: string): void
}

/**
 * Gives entries to pipelines, one after the other. All that drives processors, time included, comes from the entries in
 * their order, so a replay after a crash does the same.
 */
export class EntryForwarder {
  #options: EntryForwarderOptions
  #sinks: ReadonlyMap<string, ReceiverFanOut> = new Map()
  #nextEntry: number
  #isReadable = true
  #draining = false
  #deadLetters: DeadLetterWriter
  readonly entrySettlements: EntrySettlements
  #stopped = false
  #pause = new Pause()
  #wake = () => {}
  #running: Promise<void> = Promise.resolve()

  constructor(options: EntryForwarderOptions) {
    this.#options = options
    this.#deadLetters = new DeadLetterWriter(options)
    this.entrySettlements = new EntrySettlements({ ...options, deadLetters: this.#deadLetters })
    this.#nextEntry = options.entries.next
  }

  /** The entry that is forwarded next: those before it are with the processors. */
  get nextEntry(): number {
    return this.#nextEntry
  }

  /** False after a failed read, until one succeeds. */
  get isReadable(): boolean {
    return this.#isReadable
  }

  /** Resolves when every batch over which a processor failed is with the dead letters. */
  deadLettersWritten(): Promise<void> {
    return this.#deadLetters.done()
  }

  connect(sinks: ReadonlyMap<string, ReceiverFanOut>): void {
    this.#sinks = sinks
  }

  sinkOf(receiver: string): ReceiverFanOut | undefined {
    return this.#sinks.get(receiver)
  }

  /** Forwards the entries that are there, and from then on those that come. */
  start(): void {
    this.entrySettlements.restored()
    this.#running = this.#run().finally(() => this.#options.cooperative.leave())
  }

  /** Entries may have come. */
  wake(): void {
    this.#wake()
  }

  pause(): Promise<void> {
    const reached = this.#pause.ask()
    this.#wake()
    return Promise.race([reached, this.#running])
  }

  resume(): void {
    this.#pause.end()
  }

  /** Resolves once all entries are forwarded and `isComplete`, or `deadline` has fired. */
  async drain(deadline: AbortSignal): Promise<void> {
    this.#draining = true
    this.entrySettlements.isStopping = true
    // A reload could neither be done nor undone. The processors that are there must not get any more.
    if (this.#pause.isAsked) this.#stop()
    this.#pause.end()
    deadline.addEventListener('abort', () => this.#stop(), { once: true })
    if (deadline.aborted) this.#stop()
    this.#wake()
    await this.#running
  }

  async #run(): Promise<void> {
    const { entries, pipelineClock } = this.#options
    this.#driveCooperation()
    let next: NumberedEntry | undefined
    for (let handed = 0; !this.#stopped; ) {
      await this.#takeCooperativeSteps()
      if (this.#pause.isAsked) {
        await this.#rest()
        continue
      }
      next ??= entries.readFromMemory() ?? (await this.#read())
      if (next === undefined) {
        if (this.#draining && this.#options.isComplete()) return
        await this.#somethingNew()
        continue
      }
      // At a stop it is not forwarded, so the next start begins with it.
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
    const times = 1 + Math.floor(this.#options.entries.unread / ENTRIES_BEHIND)
    return ITEMS_PER_TURN * Math.min(times, MOST_TIMES)
  }

  /** The next entry. Undefined if there is none, or, after a pause, if it cannot be read now. */
  async #read(): Promise<NumberedEntry | undefined> {
    const { entries, name, status, log, clock } = this.#options
    try {
      const next = await entries.read()
      if (!this.#isReadable) status('ok')
      this.#isReadable = true
      return next
    } catch (error) {
      const reason = `${name} cannot be read on: ${describeError(error)}`
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

  #somethingNew(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
      // It may have come since the entries were asked.
      const { entries, cooperative } = this.#options
      if (entries.unread > 0 || !cooperative.isDone || this.#pause.isAsked || this.#stopped) resolve()
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
    const { account, ownFrom } = this.#options
    if (deadLetter !== undefined) this.#deadLetters.delivered(deadLetter.key)
    const sink = this.#sinks.get(source)
    account.book(block, items => {
      if (number < ownFrom) account.produced += items
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
      } else if (number < ownFrom) this.#deadLetters.succeeded(entry)
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
