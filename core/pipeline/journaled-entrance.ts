import type { Logger } from 'pino'
import { describeError, WeirError } from '../errors.ts'
import type { DeadLetters } from '../journal/dead-letters.ts'
import type { DataEntry, Entry } from '../journal/entry.ts'
import type { Journal } from '../journal/journal.ts'
import type { NumberedEntry } from '../journal/reader.ts'
import { blockBytes } from '../model/block.ts'
import type { ComponentState } from '../plugin/context.ts'
import type { Account } from '../telemetry/account.ts'
import { type Clock, sleep } from '../telemetry/clock.ts'
import type { VirtualClock } from '../telemetry/virtual-clock.ts'
import { Batch } from './batch.ts'
import { Burials } from './burials.ts'
import type { CreditPool } from './credits.ts'
import type { Entrance } from './entrance.ts'
import { Pause } from './pause.ts'
import type { Sink } from './sink.ts'
import type { Steps } from './steps.ts'

const TICK_MS = 50
const ROOM_POLL_MS = 10
/** After a failed write, how long to refuse before the next try. */
const RETRY_MS = 1000
/** Items handed on before the event loop gets its turn: some milliseconds. */
const ITEMS_PER_TURN = 1000

export interface JournaledEntranceOptions {
  readonly journal: Journal
  /** What processors take for the time: it moves only with entries. */
  readonly pipelineClock: VirtualClock
  readonly clock: Clock
  readonly ownedCredits: CreditPool
  /** Taken between entries. */
  readonly steps: Steps
  readonly account: Account
  readonly deadLetters: DeadLetters | undefined
  readonly log: Logger
  status(state: ComponentState, reason?: string): void
}

/**
 * Delivery level `journal`: a batch is acknowledged when the journal has it on disk, and goes on only then. What drives
 * processors, time included, comes out of the journal in order, so doing it again after a crash does the same.
 */
export class JournaledEntrance implements Entrance {
  #options: JournaledEntranceOptions
  /** Appended, and not yet on disk. */
  #unacknowledged: { readonly number: number; readonly batch: Batch }[] = []
  #sinks: ReadonlyMap<string, Sink> = new Map()
  #lastTime: number
  #nextEntry: number
  /** Entries before this were appended by an earlier run. */
  readonly #ownFrom: number
  /** For a while after a failed write. */
  #refusing = false
  #handedBack = false
  #draining = false
  #burials: Burials
  #stopped = false
  #pause = new Pause()
  #wake = () => {}
  #cancelTick = () => {}
  #running: Promise<void> = Promise.resolve()

  constructor(options: JournaledEntranceOptions) {
    this.#options = options
    this.#burials = new Burials(options)
    options.steps.drive()
    this.#lastTime = options.pipelineClock.now()
    this.#nextEntry = options.journal.next
    this.#ownFrom = options.journal.next + options.journal.unread
  }

  /** The entry that is handed on next: those before it are with the processors. */
  get nextEntry(): number {
    return this.#nextEntry
  }

  /** Of something that was handed on only the journal knows at the stop, so no checkpoint may pass it. */
  get handedBack(): boolean {
    return this.#handedBack || this.#burials.areUnfinished
  }

  /** Resolves when every batch over which a processor failed is with the dead letters. */
  buried(): Promise<void> {
    return this.#burials.done()
  }

  /** Hands on what the journal still has, and from then on what comes. */
  start(): void {
    const { journal } = this.#options
    if (journal.unread > 0) this.#options.log.info({ entries: journal.unread }, 'processing what the journal still has')
    this.#running = this.#run().catch(error => {
      this.#options.status('failed', describeError(error))
      this.#options.log.error({ err: describeError(error) }, 'the journal cannot be read on; nothing more is processed')
    })
    this.#scheduleTick()
  }

  push(_receiver: string, batch: Batch): void {
    const { account, journal } = this.#options
    account.received += batch.block.length
    const refusal = this.#refusal()
    if (refusal !== undefined) {
      account.refused += batch.block.length
      return batch.nack(new WeirError('QUEUE_FULL', refusal))
    }
    account.inFlight += batch.block.length
    const { source, request } = batch.origin
    const entry: Entry = { kind: 'data', time: this.#time(), source, request: request?.(), block: batch.block }
    this.#unacknowledged.push({ number: journal.append(entry, blockBytes(batch.block)), batch })
  }

  committed(entry: number): void {
    while (this.#unacknowledged.length > 0 && this.#unacknowledged[0].number < entry)
      this.#unacknowledged.shift()!.batch.ack()
    this.#options.status('ok')
    this.#wake()
  }

  failed(error: Error): void {
    const { account, log, clock, status } = this.#options
    const reason = `the journal cannot be written: ${describeError(error)}`
    log.error(
      { err: describeError(error) },
      'the journal cannot be written; what was not acknowledged goes back to its senders'
    )
    status('degraded', reason)
    // By a timer: the clock may be set back.
    this.#refusing = true
    clock.setTimer(RETRY_MS, () => {
      this.#refusing = false
    })
    for (const { batch } of this.#unacknowledged.splice(0)) {
      account.inFlight -= batch.block.length
      account.refused += batch.block.length
      batch.nack(new WeirError('QUEUE_FULL', reason))
    }
    this.#wake()
  }

  connect(sinks: ReadonlyMap<string, Sink>): void {
    this.#sinks = sinks
  }

  caughtUp(deadline: AbortSignal): Promise<boolean> {
    return this.#handedOnBefore(this.#options.journal.appended, deadline)
  }

  doneOver(deadline: AbortSignal): Promise<boolean> {
    return this.#handedOnBefore(this.#ownFrom, deadline)
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
    this.#cancelTick()
    // A reload could neither be done nor undone: what is there must not get any more.
    if (this.#pause.isAsked) this.#stop()
    this.#pause.end()
    deadline.addEventListener('abort', () => this.#stop(), { once: true })
    if (deadline.aborted) this.#stop()
    this.#wake()
    await this.#running
  }

  /** Time goes on by entries of its own where nothing comes in but a processor waits for it. */
  #scheduleTick(): void {
    const { clock, pipelineClock, journal } = this.#options
    this.#cancelTick = clock.setTimer(TICK_MS, () => {
      this.#scheduleTick()
      const now = clock.now()
      const isDue = pipelineClock.nextTimer <= now && this.#lastTime < now
      if (isDue && journal.unread === 0 && this.#refusal() === undefined)
        journal.append({ kind: 'tick', time: this.#time() }, 0)
    })
  }

  async #run(): Promise<void> {
    const { journal, pipelineClock } = this.#options
    let next: NumberedEntry | undefined
    for (let handed = 0; !this.#stopped; ) {
      if (this.#pause.isAsked) {
        await this.#pause.take()
        continue
      }
      next ??= journal.readFromMemory() ?? (await journal.read())
      if (next === undefined) {
        if (this.#draining && this.#unacknowledged.length === 0) return
        await this.#somethingNew()
        continue
      }
      // At a stop it is not handed on, so it is still the journal's: the next start begins with it.
      if (!(await this.#hasRoomNow())) continue
      pipelineClock.advanceTo(next.entry.time)
      await this.#takeSteps()
      // The windows that closed by this may have filled a lane, which would hand the entry back.
      if (!(await this.#hasRoomNow())) continue
      this.#handOn(next)
      handed += next.entry.kind === 'data' ? next.entry.block.length : 1
      next = undefined
      await this.#takeSteps()
      if (handed < ITEMS_PER_TURN) continue
      handed = 0
      await new Promise(setImmediate)
    }
  }

  async #takeSteps(): Promise<void> {
    const { steps } = this.#options
    while (!steps.isDone) {
      steps.takeOne()
      await new Promise(setImmediate)
    }
  }

  async #handedOnBefore(entry: number, deadline: AbortSignal): Promise<boolean> {
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
      if (this.#options.journal.unread > 0 || this.#pause.isAsked || this.#stopped) resolve()
    })
  }

  /** Waits for room; false at a stop, and where it is to pause. */
  async #hasRoomNow(): Promise<boolean> {
    while (!this.#hasRoom()) {
      if (this.#stopped || this.#pause.isAsked) return false
      await sleep(this.#options.clock, ROOM_POLL_MS)
    }
    return !this.#stopped
  }

  #handOn({ number, entry }: NumberedEntry): void {
    if (entry.kind === 'data') this.#handOnData(number, entry)
    this.#nextEntry = number + 1
  }

  #handOnData(number: number, data: DataEntry): void {
    const { source, request, block } = data
    const { account } = this.#options
    const sink = this.#sinks.get(source)
    if (number < this.#ownFrom) account.produced += block.length
    else account.inFlight -= block.length
    if (sink === undefined) return account.drop('receiver_gone', block.length)
    account.sent += block.length
    const origin = { source, request: request === undefined ? undefined : () => request }
    sink.push(
      Batch.of(origin, block, outcome => {
        if (outcome.status !== 'nacked') return
        account.sent -= block.length
        // Handed back at a stop: the journal has it, and no checkpoint says otherwise.
        if (this.#draining) {
          this.#handedBack = true
          account.inFlight += block.length
        } else {
          // It was acknowledged, and would fail again.
          account.drop('processor_failed', block.length)
          this.#burials.add(number, data, outcome.error)
        }
      })
    )
  }

  #hasRoom(): boolean {
    if (this.#options.ownedCredits.isSpent) return false
    for (const sink of this.#sinks.values()) if (!sink.hasRoom()) return false
    return true
  }

  /** Why nothing is taken now; undefined where it is. */
  #refusal(): string | undefined {
    if (this.#draining) return 'Weir is shutting down'
    const { journal } = this.#options
    if (this.#refusing || journal.isFailing) return 'the journal cannot be written'
    return journal.isFull ? 'the journal is full: exporters are behind' : undefined
  }

  #time(): number {
    this.#lastTime = Math.max(this.#lastTime, this.#options.clock.now())
    return this.#lastTime
  }

  #stop(): void {
    this.#stopped = true
    this.#burials.giveUp()
    this.#wake()
  }
}
