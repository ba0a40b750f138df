import type { Observable } from 'rxjs'
import { Batch } from '../../batch/batch.ts'
import type { Outcome } from '../../batch/settlement.ts'
import type { Block } from '../../model/block.ts'
import type { ReadBlock } from '../../model/portable-block.ts'
import type { Refusal } from '../../plugin/context.ts'
import type { Receiver } from '../../plugin/contract.ts'
import { Subject } from '../../rxjs.ts'
import type { Account } from '../../telemetry/account.ts'
import { AccountPart } from '../../telemetry/account-part.ts'
import type { Component } from '../graph/component.ts'
import type { Services } from '../graph/services.ts'
import type { ReceiverReport, ReceiverSpec } from './messages.ts'
import { RemoteMetrics } from './remote-metrics.ts'
import type { RemoteReceiver, WorkerThread } from './worker-thread.ts'

const SEVERITY = { ok: 0, degraded: 1, failed: 2 }

/**
 * A receiver that runs in workers, for the pipelines in the main thread. Its books are the sum of theirs: a worker
 * books what it took in, and pays for it until the main thread has told it the outcome.
 */
export class WorkerReceiver implements Receiver {
  readonly spec: ReceiverSpec
  readonly #component: Component
  readonly #services: Services
  readonly #metrics: RemoteMetrics
  readonly #parts: readonly Part[]
  readonly #batches = new Subject<Batch>()
  /** By endpoint as configured. */
  ports: ReadonlyMap<string, number> = new Map()

  constructor(spec: ReceiverSpec, component: Component, services: Services, threads: readonly WorkerThread[]) {
    this.spec = spec
    this.#component = component
    this.#services = services
    this.#metrics = new RemoteMetrics(services.metrics, component)
    this.#parts = threads.map((thread, i) => new Part(this, thread, i))
  }

  get batches$(): Observable<Batch> {
    return this.#batches
  }

  async start(): Promise<void> {
    try {
      await this.#start()
    } catch (error) {
      // It may run in some of the workers.
      await this.stop(AbortSignal.abort()).catch(() => {})
      throw error
    }
  }

  /** The first worker finds the ports that the others share. */
  async #start(): Promise<void> {
    const [first, ...others] = this.#parts
    const { ports, announcements } = await first.thread.start(first)
    this.ports = ports
    this.#services.announcements.push(...announcements)
    await Promise.all(others.map(part => part.thread.start(part)))
  }

  drain(signal: AbortSignal): Promise<void> {
    return this.#end('drain', signal)
  }

  stop(signal: AbortSignal): Promise<void> {
    return this.#end('stop', signal)
  }

  async #end(how: 'drain' | 'stop', signal: AbortSignal): Promise<void> {
    for (const part of this.#parts) part.stopping()
    const stopped = await Promise.allSettled(this.#parts.map(({ thread }) => thread.stop(this.spec.key, how, signal)))
    const failed = stopped.find(({ status }) => status === 'rejected')
    if (failed !== undefined) throw (failed as PromiseRejectedResult).reason
  }

  /** Takes in what a worker has read. */
  push({ block, refusedPoints }: ReadBlock, request: string | undefined, settle: (outcome: Outcome) => void): void {
    const { account, edges } = this.#component
    edges.sent.timed(block, this.#services.clock.now())
    const origin = { source: this.spec.id, request: request === undefined ? undefined : () => request }
    const settled = (outcome: Outcome) => {
      if (refusedPoints === 0 || outcome.status === 'nacked') return settle(outcome)
      // The worker books all of its batch as sent.
      account.during(block, () => {
        account.sent -= refusedPoints
        account.drop('too_many_series', refusedPoints)
      })
      const items = outcome.status === 'dropped' ? outcome.items + refusedPoints : refusedPoints
      settle({ status: 'dropped', items, reason: 'too_many_series' })
    }
    if (block.length === 0) settled({ status: 'acked' })
    else this.#batches.next(Batch.of(origin, block, settled))
  }

  setAside(block: Block, refusal: Refusal, request: string | undefined): Promise<boolean> {
    return this.#services.setAside({ receiver: this.spec.id, block, refusal, request })
  }

  get account(): Account {
    return this.#component.account
  }

  showMetrics(part: number, families: ReceiverReport['metrics']): void {
    this.#metrics.show(part, families)
  }

  partLost(part: number): void {
    this.#metrics.lost(part)
  }

  /** The state of the worst of its parts. */
  showState(): void {
    const worst = this.#parts.reduce((a, b) => (SEVERITY[b.state] > SEVERITY[a.state] ? b : a))
    this.#component.setStatus(worst.state, worst.reason)
  }

  completeIfAll(): void {
    if (this.#parts.every(({ isCompleted }) => isCompleted)) this.#batches.complete()
  }
}

/** The part of a receiver that is in one worker. */
class Part implements RemoteReceiver {
  readonly thread: WorkerThread
  readonly #whole: WorkerReceiver
  readonly #index: number
  readonly #account: AccountPart
  #isStopping = false
  isCompleted = false
  state: Component['state'] = 'ok'
  reason: string | undefined

  constructor(whole: WorkerReceiver, thread: WorkerThread, index: number) {
    this.#whole = whole
    this.#account = new AccountPart(whole.account)
    this.thread = thread
    this.#index = index
  }

  get spec(): ReceiverSpec {
    return this.#whole.spec
  }

  get ports(): ReadonlyMap<string, number> {
    return this.#whole.ports
  }

  push(read: ReadBlock, request: string | undefined, settle: (outcome: Outcome) => void): void {
    this.#whole.push(read, request, settle)
  }

  setAside(block: Block, refusal: Refusal, request: string | undefined): Promise<boolean> {
    return this.#whole.setAside(block, refusal, request)
  }

  stopping(): void {
    this.#isStopping = true
  }

  completed(): void {
    this.isCompleted = true
    this.#whole.completeIfAll()
  }

  report({ account, state, reason, metrics }: ReceiverReport): void {
    this.#account.book(account)
    this.#whole.showMetrics(this.#index, metrics)
    this.#show(state, reason)
  }

  lost(): void {
    // Their senders have no answer, and send them again.
    this.#account.end()
    this.#whole.partLost(this.#index)
    this.#show('degraded', 'one of its workers ended, and is started anew')
    if (this.#isStopping) this.completed()
  }

  restarted(): void {
    this.#show('ok', undefined)
  }

  notRestarted(reason: string): void {
    this.#show('failed', `it cannot start again in one of its workers: ${reason}`)
  }

  #show(state: Component['state'], reason: string | undefined): void {
    this.state = state
    this.reason = reason
    this.#whole.showState()
  }
}
