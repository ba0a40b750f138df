import { QueryError } from '../promql/query-error.ts'
import type { Clock } from '../telemetry/clock.ts'

export interface FairQueueOptions {
  readonly maxConcurrent: number
  /** Of one tenant. */
  readonly maxQueued: number
  /** Longest time to wait, in ms. */
  readonly queueTimeoutMs: number
}

interface Waiting {
  enter(): void
}

/**
 * Bounds the queries that run at once. The others wait in a queue of their tenant. Tenants take turns, so that one with
 * many queries does not make the others wait for all of them.
 */
export class FairQueue {
  readonly #options: FairQueueOptions
  readonly #clock: Clock
  /** By tenant, in the order of their turns. */
  readonly #queues = new Map<string, Set<Waiting>>()
  #running = 0

  constructor(options: FairQueueOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#queues.values().reduce((sum, { size }) => sum + size, 0)
  }

  /**
   * Resolves to a function to call once the query has ended. Rejects with a `QueryError` of kind `unavailable` if too
   * many wait or the wait is too long, or with the reason of `signal`.
   */
  async enter(tenant: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#running < this.#options.maxConcurrent) this.#running++
    else await this.#wait(tenant, signal)
    return () => this.#leave()
  }

  async #wait(tenant: string, signal: AbortSignal): Promise<void> {
    const { maxConcurrent, maxQueued, queueTimeoutMs } = this.#options
    const queue = this.#queues.get(tenant) ?? new Set<Waiting>()
    if (queue.size >= maxQueued)
      throw busy(`${maxConcurrent} queries run (max_concurrent) and ${maxQueued} wait (max_queued)`)
    const turn = Promise.withResolvers<void>()
    const waiting = { enter: turn.resolve }
    const giveUp = (error: unknown) => {
      this.#remove(tenant, waiting)
      turn.reject(error)
    }
    const abort = () => giveUp(signal.reason)
    const cancelTimeout = this.#clock.setTimer(queueTimeoutMs, () =>
      giveUp(busy(`${maxConcurrent} queries (max_concurrent) have been running for ${queueTimeoutMs / 1000} s`))
    )
    signal.addEventListener('abort', abort, { once: true })
    this.#queues.set(tenant, queue.add(waiting))
    try {
      await turn.promise
    } finally {
      cancelTimeout()
      signal.removeEventListener('abort', abort)
    }
  }

  #leave(): void {
    const [next] = this.#queues
    if (next === undefined) {
      this.#running--
      return
    }
    const [tenant, queue] = next
    const [waiting] = queue
    this.#remove(tenant, waiting)
    // To the end of the round.
    if (this.#queues.delete(tenant)) this.#queues.set(tenant, queue)
    waiting.enter()
  }

  #remove(tenant: string, waiting: Waiting): void {
    const queue = this.#queues.get(tenant)
    queue?.delete(waiting)
    if (queue?.size === 0) this.#queues.delete(tenant)
  }
}

function busy(why: string): QueryError {
  return new QueryError('unavailable', `${why}: try again later`)
}
