import type { Context } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

type Options = Pick<Config['query'], 'max_concurrent' | 'max_queued' | 'queue_timeout'>

/** No place among the queries that run, nor soon enough. */
export class TooManyQueries extends Error {
  override readonly name = 'TooManyQueries'
}

interface Waiting {
  enter(): void
}

/** How many queries run at once. The rest wait for their turn, in order, up to a number and for a time. */
export class QueryLimit {
  readonly #options: Options
  readonly #clock: Context['clock']
  readonly #rejected: { add(value: number): void }
  readonly #started: { add(value: number): void }
  readonly #waiting = new Set<Waiting>()
  #running = 0

  /** @param prefix of the names of its own metrics */
  constructor(options: Options, clock: Context['clock'], instruments: Context['instruments'], prefix = '') {
    this.#options = options
    this.#clock = clock
    const by = prefix === '' ? 'by the admin server' : 'statements of PromQL'
    this.#started = instruments.counter(`${prefix}queries_total`, `Queries that ran, ${by}.`)
    this.#rejected = instruments.counter(
      `${prefix}queries_rejected_total`,
      'Queries that got 503, for too many ran or waited.'
    )
    instruments.gauge(`${prefix}queries_running`, 'Queries that run.', () => this.#running)
    instruments.gauge(`${prefix}queries_waiting`, 'Queries that wait for others to end.', () => this.#waiting.size)
  }

  /** Resolves to a function to call once the query has ended. Rejects with TooManyQueries, or once `signal` fires. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted()
    if (this.#running < this.#options.max_concurrent) this.#running++
    else await this.#wait(signal)
    this.#started.add(1)
    return () => this.#leave()
  }

  async #wait(signal: AbortSignal): Promise<void> {
    const { max_concurrent, max_queued, queue_timeout } = this.#options
    if (this.#waiting.size >= max_queued)
      throw this.#reject(`max_concurrent = ${max_concurrent} queries run and max_queued = ${max_queued} wait`)
    const turn = Promise.withResolvers<void>()
    const waiting = { enter: turn.resolve }
    // At once: one that gives up must not be given a place.
    const giveUp = (error: Error) => {
      this.#waiting.delete(waiting)
      turn.reject(error)
    }
    const abort = () => giveUp(signal.reason)
    const why = `max_concurrent = ${max_concurrent} queries have been running for ${queue_timeout / 1000} s`
    const cancelTimeout = this.#clock.setTimer(queue_timeout, () => giveUp(this.#reject(why)))
    signal.addEventListener('abort', abort, { once: true })
    this.#waiting.add(waiting)
    try {
      await turn.promise
    } finally {
      cancelTimeout()
      signal.removeEventListener('abort', abort)
    }
  }

  #leave(): void {
    const [next] = this.#waiting
    if (next === undefined) this.#running--
    else {
      this.#waiting.delete(next)
      next.enter()
    }
  }

  #reject(why: string): TooManyQueries {
    this.#rejected.add(1)
    return new TooManyQueries(`${why}: try again later, or raise these options under \`query\` of the exporter`)
  }
}
