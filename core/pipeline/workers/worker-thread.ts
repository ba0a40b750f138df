import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { SharedMeter } from '../../batch/credit-meter.ts'
import { ACKED, type Outcome } from '../../batch/settlement.ts'
import { describeError, type ErrorCode, WeirError } from '../../errors.ts'
import { GROWTH_WITH_WORKERS, raiseHeapGrowth } from '../../heap-growth.ts'
import type { Block } from '../../model/block.ts'
import { PortableBlockReader, type ReadBlock } from '../../model/portable-block.ts'
import type { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Refusal, RequestName } from '../../plugin/context.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'
import type {
  FromWorker,
  PlainOutcome,
  Ports,
  ReceiverReport,
  ReceiverSpec,
  SentBatch,
  SettledBatch,
  ToWorker,
  WorkerData
} from './messages.ts'

const FIRST_RESTART_MS = 100
const MAX_RESTART_MS = 10_000
/** Until a receiver that could not start again is tried once more. */
const RETRY_MS = 2000
/** A worker that ran for so long is not one that fails at its start. */
const STABLE_MS = 60_000
const NOT_KEPT: Outcome = { status: 'nacked', error: new Error('it cannot be kept') }

/** A receiver in one worker, as the main thread sees it. */
export interface RemoteReceiver {
  readonly spec: ReceiverSpec
  /** Ports that its servers have. */
  readonly ports: Ports
  /** `settle` is called once. */
  push(read: ReadBlock, request: string | undefined, settle: (outcome: Outcome) => void): void
  setAside(block: Block, refusal: Refusal, request: string | undefined): Promise<boolean>
  completed(): void
  report(report: ReceiverReport): void
  /** The worker has ended, and all that it had not told. */
  lost(): void
  /** It runs again, in a new worker. */
  restarted(): void
  /** It is tried once more later. */
  notRestarted(reason: string): void
}

export interface WorkerThreadOptions {
  readonly entry: URL
  readonly data: WorkerData
  readonly series: SeriesTable
  readonly clock: Clock
  readonly log: Logger
  /** Writes a line of the worker's log. */
  logLine(line: string): void
  /** Names of requests that processors asked for. */
  requestsWanted(): readonly RequestName[]
}

type Started = Extract<FromWorker, { kind: 'started' }>

/** A worker from the main thread: starts and stops receivers in it, and starts it anew when it has ended. */
export class WorkerThread {
  readonly #options: WorkerThreadOptions
  /** By key; also those that have stopped, until all of their batches are settled. */
  readonly #receivers = new Map<number, RemoteReceiver>()
  readonly #stopping = new Set<number>()
  /** Keys of those that were started in the worker that runs. */
  readonly #inWorker = new Set<number>()
  readonly #starts = new Map<number, PromiseWithResolvers<Started>>()
  readonly #stops = new Map<number, PromiseWithResolvers<void>>()
  #worker: Worker | undefined
  #reader: PortableBlockReader
  #began = 0
  #failures = 0
  #settled: SettledBatch[] = []
  #isClosed = false
  /** Memory of its series table, in bytes. */
  seriesBytes = 0
  /** Times that it was started anew. */
  restarts = 0

  constructor(options: WorkerThreadOptions) {
    this.#options = options
    this.#reader = new PortableBlockReader(options.series)
  }

  /** Rejects if the receiver cannot start. */
  async start(receiver: RemoteReceiver): Promise<Started> {
    const { key } = receiver.spec
    this.#receivers.set(key, receiver)
    try {
      return await this.#start(receiver)
    } catch (error) {
      this.#remove(key)
      throw error
    }
  }

  async stop(key: number, how: 'drain' | 'stop', signal: AbortSignal): Promise<void> {
    if (!this.#receivers.has(key)) return
    const abort = () => this.#post({ kind: 'abort', key })
    signal.addEventListener('abort', abort, { once: true })
    this.#stopping.add(key)
    const stopped = Promise.withResolvers<void>()
    this.#stops.set(key, stopped)
    this.#post({ kind: how, key })
    if (signal.aborted) abort()
    try {
      await stopped.promise
    } finally {
      signal.removeEventListener('abort', abort)
    }
  }

  /** Receivers that run are to say which request a batch came in. */
  wantRequests(): void {
    this.#postSettled()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#worker?.terminate()
  }

  #start(receiver: RemoteReceiver): Promise<Started> {
    const { spec, ports } = receiver
    const started = Promise.withResolvers<Started>()
    this.#starts.set(spec.key, started)
    this.#inWorker.add(spec.key)
    this.#post({ kind: 'start', receiver: spec, ports, requestsWanted: this.#options.requestsWanted() })
    return started.promise
  }

  #remove(key: number): void {
    this.#receivers.delete(key)
    this.#inWorker.delete(key)
    this.#stopping.delete(key)
  }

  #post(message: ToWorker): void {
    this.#worker ??= this.#spawn()
    this.#worker.postMessage(message)
  }

  #spawn(): Worker {
    const { entry, data, clock } = this.#options
    raiseHeapGrowth(GROWTH_WITH_WORKERS)
    const worker = new Worker(entry, { workerData: data, name: `weir-worker-${data.thread}` })
    this.#began = clock.now()
    let reason = 'it ended by itself'
    worker.on('message', (message: FromWorker) => this.#receive(worker, message))
    worker.on('error', error => {
      reason = describeError(error)
    })
    worker.on('exit', () => void this.#ended(worker, reason))
    return worker
  }

  #receive(worker: Worker, message: FromWorker): void {
    if (worker !== this.#worker) return
    if (message.kind === 'batches') {
      for (const batch of message.batches) this.#read(worker, batch)
      return
    }
    if (message.kind === 'log') return this.#options.logLine(message.line)
    if (message.kind === 'report') {
      this.seriesBytes = message.seriesBytes
      this.#reader.release(message.gone)
      for (const report of message.receivers) this.#receivers.get(report.key)?.report(report)
      return
    }
    if (message.kind === 'completed') return this.#receivers.get(message.key)?.completed()
    if (message.kind === 'settled') return this.#remove(message.key)
    this.#answer(message)
  }

  #answer(message: Extract<FromWorker, { kind: 'started' | 'failed' | 'stopped' }>): void {
    const { key } = message
    if (message.kind === 'started') this.#starts.get(key)?.resolve(message)
    else if (message.kind === 'failed') this.#starts.get(key)?.reject(errorOf(message))
    else if (message.error === undefined) this.#stops.get(key)?.resolve()
    else this.#stops.get(key)?.reject(new Error(message.error))
    if (message.kind === 'stopped') this.#stops.delete(key)
    else this.#starts.delete(key)
  }

  #read(worker: Worker, { key, number, request, block, refusal }: SentBatch): void {
    const read = this.#reader.read(block)
    const { refusedSeries } = read
    const settle = (outcome: Outcome) => {
      if (worker !== this.#worker) return
      if (this.#settled.length === 0) queueMicrotask(() => this.#postSettled())
      this.#settled.push({ number, outcome: plain(outcome), refusedSeries })
    }
    const receiver = this.#receivers.get(key)
    if (receiver === undefined) settle({ status: 'nacked', error: new Error('its receiver has stopped') })
    else if (refusal === undefined) receiver.push(read, request, settle)
    else void receiver.setAside(read.block, refusal, request).then(isKept => settle(isKept ? ACKED : NOT_KEPT))
  }

  /** Tells the worker the outcomes of batches, and what else has changed for it. */
  #postSettled(): void {
    if (this.#worker === undefined) return
    const batches = this.#settled
    this.#settled = []
    const { requestsWanted, series } = this.#options
    this.#post({ kind: 'settled', batches, requestsWanted: requestsWanted(), isTableFull: series.isFull })
  }

  async #ended(worker: Worker, reason: string): Promise<void> {
    if (this.#isClosed || worker !== this.#worker) return
    const { data, clock, log, series } = this.#options
    new SharedMeter(data.credits, data.thread).giveAll()
    this.#worker = undefined
    this.#settled = []
    this.#reader = new PortableBlockReader(series)
    for (const receiver of this.#receivers.values()) receiver.lost()
    for (const key of this.#stopping) this.#remove(key)
    const lost = new WeirError('COMPONENT_FAILED', `worker ${data.thread} ended: ${reason}`)
    const waiting = [...this.#starts.values(), ...this.#stops.values()]
    this.#starts.clear()
    this.#stops.clear()
    this.#inWorker.clear()
    for (const answer of waiting) answer.reject(lost)
    this.#failures = clock.now() - this.#began < STABLE_MS ? this.#failures + 1 : 0
    const delay = Math.min(MAX_RESTART_MS, FIRST_RESTART_MS * 2 ** this.#failures)
    log.error(
      { worker: data.thread, err: reason, restart_in_ms: delay },
      'a worker ended; requests that it had not answered are sent again by their senders'
    )
    this.restarts++
    await sleep(clock, delay)
    await this.#restart()
  }

  /** Starts the receivers that are not in the worker that runs. */
  async #restart(): Promise<void> {
    let hasFailed = false
    for (const receiver of this.#receivers.values()) {
      const { key } = receiver.spec
      if (this.#isClosed || this.#stopping.has(key) || this.#inWorker.has(key)) continue
      try {
        await this.#start(receiver)
        receiver.restarted()
      } catch (error) {
        // An ended worker comes here again by itself.
        if (!this.#inWorker.has(key)) return
        this.#inWorker.delete(key)
        hasFailed = true
        this.#tellFailure(receiver, describeError(error))
      }
    }
    if (!hasFailed) return
    await sleep(this.#options.clock, RETRY_MS)
    await this.#restart()
  }

  #tellFailure(receiver: RemoteReceiver, reason: string): void {
    const { data, log } = this.#options
    receiver.notRestarted(reason)
    log.error(
      { worker: data.thread, receiver: receiver.spec.id, err: reason, retry_in_ms: RETRY_MS },
      'a receiver cannot start again in its worker'
    )
  }
}

function plain(outcome: Outcome): PlainOutcome {
  if (outcome.status !== 'nacked') return outcome
  const { error } = outcome
  return { status: 'nacked', message: describeError(error), code: WeirError.is(error) ? error.code : 'QUEUE_FULL' }
}

function errorOf({ code, message }: Extract<FromWorker, { kind: 'failed' }>): Error {
  return code === undefined ? new Error(message) : new WeirError(code as ErrorCode, message)
}
