import type { Logger } from 'pino'
import type { SendingQueueConfig } from '../../config/exporter-options.ts'
import { ExportError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import type { ComponentState } from '../../plugin/context.ts'
import type { Exporter } from '../../plugin/contract.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { cutOff, describeFailure, type Failure, failureOf } from './failure.ts'

const BACKOFF_FACTOR = 2
/** Longest `Retry-After` that is honoured: a backend that means never would stop the exporter for good. */
const MAX_RETRY_AFTER_MS = 5 * 60_000

interface RetryHost {
  readonly clock: Clock
  readonly log: Logger
  status(state: ComponentState, reason?: string): void
}

/**
 * Tries one exporter again and again. Each try is bounded in time; the pauses in between grow. While the circuit is
 * open, each pause is followed by a probe, or by one small export if the exporter has no probe.
 */
export class RetrySender {
  #exporter: Exporter
  #config: SendingQueueConfig
  #host: RetryHost
  #cancelled: AbortSignal
  readonly circuit = new CircuitBreaker()
  /** How long the backend is to be left alone. */
  #pauseMs = 0
  #endPause = () => {}
  #isHurried = false
  /** The last of the tries and probes, which go one after the other. */
  #lastTry: Promise<void> = Promise.resolve()
  /** Aborts the try under way. */
  #abortTry = (_reason: unknown) => {}

  /** @param cancelled aborts the try under way */
  constructor(exporter: Exporter, config: SendingQueueConfig, host: RetryHost, cancelled: AbortSignal) {
    this.#exporter = exporter
    this.#config = config
    this.#host = host
    this.#cancelled = cancelled
    cancelled.addEventListener('abort', () => this.#abortTry(cancelled.reason), { once: true })
  }

  /** While the circuit is open, a probe comes before each try. */
  get isProbing(): boolean {
    return this.#exporter.probe !== undefined
  }

  /** One try; why it failed, or undefined. A refusal is an answer of the backend, and a fault says nothing about it. */
  async export(block: Block): Promise<Failure | undefined> {
    const failure = await this.#bounded(signal => this.#exporter.export(block, signal), block.length)
    if (failure === undefined || failure.kind === 'refused') this.answered()
    else if (failure.kind !== 'fault') this.#failed(failure)
    return failure
  }

  /** One try in between, which has no part in the backoff and the circuit. Why it failed, or undefined. */
  exportOnce(block: Block): Promise<Failure | undefined> {
    return this.#bounded(signal => this.#exporter.export(block, signal), block.length)
  }

  /** Something that a try depends on failed, such as a read of the disk: the next try waits. */
  failed(error: Error): void {
    this.#failed(cutOff(error))
  }

  /** Ends the pause under way. Later ones are as long as the backoff says, whatever the backend asks for. */
  hurry(): void {
    this.#isHurried = true
    this.#pauseMs = 0
    this.#endPause()
  }

  /**
   * Waits as long as the last failure asks for. If the circuit is open, it then waits for a probe to succeed. Resolves
   * to true if the next try may be made. After a failure it resolves to false once `interrupted` fires, at the latest
   * when all is cancelled.
   */
  async ready(interrupted: AbortSignal): Promise<boolean> {
    if (!this.circuit.isFailing) return true
    await this.#pause(interrupted)
    if (interrupted.aborted) return false
    if (!this.circuit.isOpen || this.#exporter.probe === undefined) return true
    const failure = await this.#bounded(signal => this.#exporter.probe!(signal), 0)
    if (failure !== undefined) this.#failed({ ...failure, kind: 'transient' })
    return failure === undefined
  }

  async #pause(interrupted: AbortSignal): Promise<void> {
    const pause = this.#pauseMs
    this.#pauseMs = 0
    const ended = new AbortController()
    this.#endPause = () => ended.abort()
    await sleep(this.#host.clock, pause, AbortSignal.any([interrupted, ended.signal])).catch(() => {})
  }

  #failed(failure: Failure): void {
    if (this.#cancelled.aborted) return
    const { initial_interval, max_interval } = this.#config.retry
    const grown = Math.min(max_interval, initial_interval * BACKOFF_FACTOR ** this.circuit.failures)
    const asked = this.#isHurried ? 0 : Math.min(failure.retryAfterMs, Math.max(max_interval, MAX_RETRY_AFTER_MS))
    this.#pauseMs = Math.max(asked, grown * (0.5 + Math.random() / 2))
    this.circuit.failed(failure)
    const reason = describeFailure(failure)
    this.#host.status('degraded', reason)
    this.#host.log.warn(
      { attempt: this.circuit.failures, retry_in_ms: Math.round(this.#pauseMs), err: reason },
      'export failed; will retry'
    )
  }

  /** The backend is well. */
  answered(): void {
    this.circuit.answered()
    this.#host.status('ok')
  }

  /** Once the tries before have ended. */
  #bounded(attempt: (signal: AbortSignal) => Promise<void>, items: number): Promise<Failure | undefined> {
    const tried = this.#lastTry.then(() => this.#try(attempt, items))
    this.#lastTry = tried.then(() => {})
    return tried
  }

  async #try(attempt: (signal: AbortSignal) => Promise<void>, items: number): Promise<Failure | undefined> {
    // Made by hand of both reasons to give up: AbortSignal.any costs as much as decoding some dozens of points.
    const controller = new AbortController()
    const { signal } = controller
    const { timeout: ms } = this.#config
    const cancel = this.#host.clock.setTimer(ms, () => controller.abort(new Error(`no answer within ${ms} ms`)))
    this.#abortTry = reason => controller.abort(reason)
    if (this.#cancelled.aborted) this.#abortTry(this.#cancelled.reason)
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      // Cancelled since the last try: an exporter that does not look at its signal would be waited for without end.
      signal.throwIfAborted()
      await Promise.race([attempt(signal), aborted])
      return undefined
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      return signal.aborted && !ExportError.is(error) ? cutOff(error) : failureOf(error, items)
    } finally {
      signal.removeEventListener('abort', giveUp)
      cancel()
    }
  }
}
