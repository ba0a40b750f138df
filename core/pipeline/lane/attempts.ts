import type { Logger } from 'pino'
import { describeError, ExportError } from '../../errors.ts'
import type { Block } from '../../model/block.ts'
import type { ComponentState } from '../../plugin/context.ts'
import type { Exporter } from '../../plugin/contract.ts'
import { type Clock, sleep } from '../../telemetry/clock.ts'
import type { LaneConfig } from './config.ts'

const BACKOFF_FACTOR = 2
/** Failures in a row after which the circuit is open: Weir asks whether the backend is back before it sends much. */
const OPEN_AFTER = 5

interface AttemptsHost {
  readonly clock: Clock
  readonly log: Logger
  status(state: ComponentState, reason?: string): void
}

/**
 * Tries of one exporter: each bounded in time, with pauses in between that grow. After {@link OPEN_AFTER} failures in a
 * row the circuit is open: after each pause first a probe, or, where the exporter has none, one small export.
 */
export class Attempts {
  #exporter: Exporter
  #config: LaneConfig
  #host: AttemptsHost
  #cancelled: AbortSignal
  #failures = 0
  /** How long the backend is to be left alone. */
  #pauseMs = 0

  /** @param cancelled aborts what is under way */
  constructor(exporter: Exporter, config: LaneConfig, host: AttemptsHost, cancelled: AbortSignal) {
    this.#exporter = exporter
    this.#config = config
    this.#host = host
    this.#cancelled = cancelled
  }

  /** Whether the last one failed. */
  get isFailing(): boolean {
    return this.#failures > 0
  }

  /** Whether the backend counts as gone: better keep elsewhere what waits for it. */
  get isOpen(): boolean {
    return this.#failures >= OPEN_AFTER
  }

  /** One try; what went wrong, or undefined. Where the backend refuses for good, it answers: that is no failure. */
  async export(block: Block): Promise<Error | undefined> {
    const error = await this.#bounded(signal => this.#exporter.export(block, signal))
    if (error === undefined || isRefusal(error)) this.#answered()
    else this.failed(error)
    return error
  }

  /** A try failed, or what has to be done for it: the next one waits. */
  failed(error: Error): void {
    if (this.#cancelled.aborted) return
    const { initial_interval, max_interval } = this.#config.retry
    const grown = Math.min(max_interval, initial_interval * BACKOFF_FACTOR ** this.#failures)
    const asked = error instanceof ExportError ? (error.retryAfterMs ?? 0) : 0
    this.#pauseMs = Math.max(asked, grown * (0.5 + Math.random() / 2))
    this.#failures++
    const reason = describeError(error)
    this.#host.status('degraded', reason)
    this.#host.log.warn(
      { attempt: this.#failures, retry_in_ms: Math.round(this.#pauseMs), err: reason },
      'export failed; will retry'
    )
  }

  /**
   * Waits as long as the last failure asks for, and, where the circuit is open, for a probe to succeed. Resolves to whether
   * the next try may be made: after a failure not once `interrupted` fires, which it does when all is cancelled at the
   * latest.
   */
  async ready(interrupted: AbortSignal): Promise<boolean> {
    if (!this.isFailing) return true
    const pause = this.#pauseMs
    this.#pauseMs = 0
    await sleep(this.#host.clock, pause, interrupted).catch(() => {})
    if (interrupted.aborted) return false
    if (!this.isOpen || this.#exporter.probe === undefined) return true
    const error = await this.#bounded(signal => this.#exporter.probe!(signal))
    if (error !== undefined) this.failed(error)
    return error === undefined
  }

  #answered(): void {
    this.#failures = 0
    this.#host.status('ok')
  }

  async #bounded(attempt: (signal: AbortSignal) => Promise<void>): Promise<Error | undefined> {
    const timeout = new AbortController()
    const { timeout: ms } = this.#config
    const cancel = this.#host.clock.setTimer(ms, () => timeout.abort(new Error(`no answer within ${ms} ms`)))
    const signal = AbortSignal.any([this.#cancelled, timeout.signal])
    const { promise: aborted, reject } = Promise.withResolvers<never>()
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    try {
      // Cancelled since the last try: an exporter that does not look at its signal would be waited for without end.
      signal.throwIfAborted()
      await Promise.race([attempt(signal), aborted])
      return undefined
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    } finally {
      signal.removeEventListener('abort', giveUp)
      cancel()
    }
  }
}

/** Whether the backend will never take it. */
export function isRefusal(error: Error | undefined): error is ExportError {
  return error instanceof ExportError && !error.retryable
}
