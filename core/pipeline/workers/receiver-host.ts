import type { MessagePort } from 'node:worker_threads'
import pino, { type Logger } from 'pino'
import type { Subscription } from 'rxjs'
import { Batch } from '../../batch/batch.ts'
import { SharedMeter } from '../../batch/credit-meter.ts'
import { CreditPool } from '../../batch/credits.ts'
import type { Outcome } from '../../batch/settlement.ts'
import { describeError, WeirError } from '../../errors.ts'
import { ServiceAccess } from '../../http/access/service-access.ts'
import { PortableBlockWriter, transferables } from '../../model/portable-block.ts'
import { SeriesTable } from '../../model/series-table/series-table.ts'
import type { Access } from '../../plugin/access.ts'
import type { Refusal, RequestName } from '../../plugin/context.ts'
import type { Receiver, ReceiverPlugin } from '../../plugin/contract.ts'
import type { Registry } from '../../plugin/registry.ts'
import { type Clock, systemClock } from '../../telemetry/clock.ts'
import { Metrics } from '../../telemetry/metrics.ts'
import type { RefusedItems } from '../dead-letters/set-aside.ts'
import { Component } from '../graph/component.ts'
import { idleServices } from '../graph/idle-services.ts'
import type { Services } from '../graph/services.ts'
import { expireSeries } from '../service/series-expiry.ts'
import type { FromWorker, PlainOutcome, ReceiverSpec, SentBatch, ToWorker, WorkerData } from './messages.ts'

/** Reports that come within this time are one. */
const REPORT_MS = 20
/** Figures that change by themselves are reported so often. */
const REPORT_LATEST_MS = 1000

const NO_PORTS: ReadonlyMap<string, number> = new Map()

interface Running {
  readonly component: Component
  readonly metrics: Metrics
  readonly receiver: Receiver
  readonly stop: AbortController
  /** Of its batches. */
  readonly subscription: Subscription
  isStopped: boolean
}

/** A worker: runs receivers, and sends what they take in to the main thread, which has the pipelines. */
export class ReceiverHost {
  readonly #port: MessagePort
  readonly #registry: Registry
  readonly #clock: Clock
  readonly #log: Logger
  readonly #series: SeriesTable
  readonly #credits: CreditPool
  readonly #access: Access
  readonly #writer: PortableBlockWriter
  /** By key. */
  readonly #receivers = new Map<number, Running>()
  /** Starts under way, by key. */
  readonly #starts = new Map<number, Promise<void>>()
  /** Batches in the main thread, by their numbers. */
  readonly #sent = new Map<number, Batch>()
  /** Batches that wait for the next message. */
  #unsent: SentBatch[] = []
  #nextNumber = 0
  readonly #requestsWanted = new Set<RequestName>()
  #isReportDue = false
  #isMainTableFull = false

  constructor(port: MessagePort, data: WorkerData, registry: Registry) {
    this.#port = port
    this.#registry = registry
    this.#clock = systemClock
    this.#log = pino({ level: data.logLevel, base: undefined }, { write: line => this.#post({ kind: 'log', line }) })
    this.#series = new SeriesTable({ maxSeries: data.maxSeries })
    this.#credits = new CreditPool(data.inFlight, false, new SharedMeter(data.credits, data.thread))
    const { thread, threads } = data
    const host = { clock: this.#clock, log: this.#log, series: this.#series, thread, threads }
    this.#access = new ServiceAccess(data.access, host, data.tenantMemory)
    this.#writer = new PortableBlockWriter(this.#series)
    expireSeries(this.#series, this.#clock, () => this.#isMainTableFull || this.#series.isFull)
    this.#reportRegularly()
    port.on('message', (message: ToWorker) => void this.#receive(message))
  }

  async #receive(message: ToWorker): Promise<void> {
    if (message.kind === 'settled') {
      for (const by of message.requestsWanted) this.#requestsWanted.add(by)
      this.#isMainTableFull = message.isTableFull
      for (const { number, outcome, refusedSeries } of message.batches) this.#settle(number, outcome, refusedSeries)
    } else if (message.kind === 'start') {
      const { key } = message.receiver
      this.#starts.set(key, this.#start(message))
      await this.#starts.get(key)
      this.#starts.delete(key)
    } else if (message.kind === 'stop' || message.kind === 'drain') await this.#stop(message)
    else this.#receivers.get(message.key)?.stop.abort()
  }

  async #start({ receiver: spec, ports, requestsWanted }: Extract<ToWorker, { kind: 'start' }>): Promise<void> {
    const { key } = spec
    for (const by of requestsWanted) this.#requestsWanted.add(by)
    try {
      const plugin = await this.#pluginOf(spec)
      const services = this.#services(key, plugin.workers === 'each' ? new Map(ports) : undefined)
      const running = this.#create(plugin, spec, services)
      this.#receivers.set(key, running)
      await running.receiver.start?.(running.stop.signal)
      const reason = mainThreadNeeded(running.receiver, services)
      if (reason !== undefined)
        throw new WeirError('PLUGIN_INVALID', `receiver ${spec.id} ${reason}: leave out its "workers"`)
      this.#report()
      const { announcements, sharedPorts = NO_PORTS } = services
      this.#post({ kind: 'started', key, ports: sharedPorts, announcements })
    } catch (error) {
      await this.#remove(key)
      const code = WeirError.is(error) ? error.code : undefined
      this.#post({ kind: 'failed', key, code, message: describeError(error) })
    }
  }

  /** One that could not start. */
  async #remove(key: number): Promise<void> {
    const running = this.#receivers.get(key)
    this.#receivers.delete(key)
    running?.subscription.unsubscribe()
    running?.component.dispose()
    await running?.receiver.stop?.(AbortSignal.abort()).catch(() => {})
  }

  async #pluginOf({ type, source }: ReceiverSpec): Promise<ReceiverPlugin> {
    if (source !== undefined) await this.#registry.add(source.specifier, source.fromFile)
    return (await this.#registry.find('receiver', type)) as ReceiverPlugin
  }

  #create(plugin: ReceiverPlugin, { key, id, config }: ReceiverSpec, services: Services): Running {
    const component = new Component('receiver', id, undefined, this.#log, { access: this.#access })
    const receiver = plugin.create(config, component.context(services))
    const subscription = receiver.batches$.subscribe({
      next: batch => this.#send(key, batch),
      complete: () => this.#post({ kind: 'completed', key })
    })
    return {
      component,
      metrics: services.metrics,
      receiver,
      subscription,
      stop: new AbortController(),
      isStopped: false
    }
  }

  async #stop({ key, kind }: Extract<ToWorker, { kind: 'stop' | 'drain' }>): Promise<void> {
    // Otherwise a start that is slow would begin to listen after the stop.
    await this.#starts.get(key)
    const running = this.#receivers.get(key)
    let error: string | undefined
    try {
      if (running === undefined) this.#post({ kind: 'completed', key })
      else await end(running, kind)
    } catch (thrown) {
      error = describeError(thrown)
    }
    this.#post({ kind: 'stopped', key, error })
    if (running === undefined) return this.#post({ kind: 'settled', key })
    running.isStopped = true
    this.#report()
  }

  #send(key: number, batch: Batch, refusal?: Refusal): void {
    const number = this.#nextNumber++
    this.#sent.set(number, batch)
    const block = this.#writer.write(batch.block)
    const request = batch.origin.request?.()
    this.#unsent.push({ key, number, request, block, refusal })
    if (this.#unsent.length === 1) setImmediate(() => this.#sendAll())
    this.#reportSoon()
  }

  /** The dead letters are in the main thread. */
  #setAside(key: number, { receiver, block, refusal, request }: RefusedItems): Promise<boolean> {
    const origin = { source: receiver, request: request === undefined ? undefined : () => request }
    return new Promise(resolve => {
      const batch = Batch.of(origin, block, ({ status }) => resolve(status === 'acked'))
      this.#send(key, batch, refusal)
    })
  }

  #settle(number: number, outcome: PlainOutcome, refusedSeries: readonly number[]): void {
    const batch = this.#sent.get(number)!
    this.#sent.delete(number)
    this.#writer.refused(refusedSeries)
    batch.settle(outcomeOf(outcome))
    this.#reportSoon()
  }

  #reportSoon(): void {
    if (this.#isReportDue) return
    this.#isReportDue = true
    this.#clock.setTimer(REPORT_MS, () => this.#report())
  }

  #reportRegularly(): void {
    this.#clock.setTimer(REPORT_LATEST_MS, () => {
      this.#report()
      this.#reportRegularly()
    })
  }

  #report(): void {
    this.#isReportDue = false
    const receivers = [...this.#receivers].map(([key, { component, metrics }]) => {
      const { account, state, reason } = component
      return { key, account: account.report(), state, reason, metrics: metrics.values() }
    })
    this.#post({ kind: 'report', receivers, gone: this.#writer.takeGone(), seriesBytes: this.#series.bytes })
    for (const [key, { component, isStopped }] of this.#receivers) {
      if (!isStopped || component.account.inFlight > 0) continue
      component.dispose()
      this.#receivers.delete(key)
      this.#post({ kind: 'settled', key })
    }
  }

  /** Batches of one turn of the event loop go in one message, which costs as much as decoding some points. */
  #sendAll(): void {
    const batches = this.#unsent
    if (batches.length === 0) return
    this.#unsent = []
    const message: FromWorker = { kind: 'batches', batches }
    const memory = batches.flatMap(({ block }) => transferables(block))
    this.#port.postMessage(message, memory)
  }

  /** Batches go first, for a message may say that ids of theirs mean nothing any more. */
  #post(message: FromWorker): void {
    this.#sendAll()
    this.#port.postMessage(message)
  }

  /** The services of one receiver. It has no part in processing, checkpoints or administration. */
  #services(key: number, sharedPorts: Map<string, number> | undefined): Services {
    return {
      ...idleServices(),
      log: this.#log,
      clock: this.#clock,
      pipelineClock: this.#clock,
      series: this.#series,
      metrics: new Metrics(),
      credits: this.#credits,
      access: this.#access,
      setAside: items => this.#setAside(key, items),
      sharedPorts,
      requestsWanted: this.#requestsWanted
    }
  }
}

function end({ receiver, stop: { signal } }: Running, kind: 'stop' | 'drain'): Promise<void> | undefined {
  return kind === 'drain' && receiver.drain !== undefined ? receiver.drain(signal) : receiver.stop?.(signal)
}

/** Why a receiver cannot run in a worker. Undefined if it can. */
function mainThreadNeeded({ snapshot }: Receiver, { routes, reports }: Services): string | undefined {
  if (snapshot !== undefined) return 'takes part in checkpoints, which the main thread takes'
  return routes.size + reports.size > 0 ? 'uses context.admin, which the main thread has' : undefined
}

function outcomeOf(outcome: PlainOutcome): Outcome {
  if (outcome.status !== 'nacked') return outcome
  return { status: 'nacked', error: new WeirError(outcome.code, outcome.message) }
}
