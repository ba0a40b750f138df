import { QueryError } from '../../core/promql/query-error.ts'
import { FairQueue } from '../../core/queries/fair-queue.ts'
import type { Context } from '../../sdk/plugin/index.ts'
import type { Config } from './config.ts'

/** Whoever asks, for tenants have taken turns before. */
const ASKER = ''

type Options = Pick<Config['query'], 'max_concurrent' | 'max_queued' | 'queue_timeout'>

/** No place among the queries that run, nor soon enough. */
export class TooManyQueries extends Error {
  override readonly name = 'TooManyQueries'
}

/** How many queries run at once. The rest wait for their turn, in order, up to a number and for a time. */
export class QueryLimit {
  readonly #queue: FairQueue
  readonly #rejected: { add(value: number): void }
  readonly #started: { add(value: number): void }

  /** @param prefix of the names of its own metrics */
  constructor(
    { max_concurrent, max_queued, queue_timeout }: Options,
    clock: Context['clock'],
    instruments: Context['instruments'],
    prefix = ''
  ) {
    const options = { maxConcurrent: max_concurrent, maxQueued: max_queued, queueTimeoutMs: queue_timeout }
    const queue = new FairQueue(options, clock)
    const by = prefix === '' ? 'by the admin server' : 'statements of PromQL'
    this.#queue = queue
    this.#started = instruments.counter(`${prefix}queries_total`, `Queries that ran, ${by}.`)
    this.#rejected = instruments.counter(
      `${prefix}queries_rejected_total`,
      'Queries that got 503, for too many ran or waited.'
    )
    instruments.gauge(`${prefix}queries_running`, 'Queries that run.', () => queue.running)
    instruments.gauge(`${prefix}queries_waiting`, 'Queries that wait for others to end.', () => queue.waiting)
  }

  /** Resolves to a function to call once the query has ended. Rejects with TooManyQueries, or once `signal` fires. */
  async enter(signal: AbortSignal): Promise<() => void> {
    const leave = await this.#queue.enter(ASKER, signal).catch(error => {
      throw error instanceof QueryError ? this.#reject(error) : error
    })
    this.#started.add(1)
    return leave
  }

  #reject({ message }: QueryError): TooManyQueries {
    this.#rejected.add(1)
    return new TooManyQueries(`${message}, or raise these options under \`query\` of the exporter`)
  }
}
