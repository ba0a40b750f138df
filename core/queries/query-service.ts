import path from 'node:path'
import type { Context } from '../plugin/context.ts'
import { QueryError } from '../promql/query-error.ts'
import type { QueryableStore } from '../promql/queryable.ts'
import { FairQueue, type FairQueueOptions } from './fair-queue.ts'
import type { QuerySettings } from './messages.ts'
import { QueryThread, threadMemory } from './query-thread.ts'
import type { QueryAnswer, QueryRequest, RequiredLabels } from './requests.ts'
import { ThreadChoice } from './thread-choice.ts'

/** The program of threads of queries, next to this file: a source file in a checkout, a compiled one in a package. */
const THREAD = new URL(`../query-worker${path.extname(import.meta.filename)}`, import.meta.url)
/** A query that does not end so long after it was interrupted takes its thread with it. */
const GRACE_MS = 3000

export interface QueryServiceOptions extends QuerySettings, FairQueueOptions {
  /** Longest time that a query may take once it runs, in ms. */
  readonly timeoutMs: number
  /** A query that is expensive does not hold up those of other threads. */
  readonly threads: number
}

/** The most memory that a service with these options takes, in bytes. */
export function queryMemory(options: QueryServiceOptions): number {
  return options.threads * threadMemory(options)
}

/** One who asks. */
export interface Asker {
  readonly tenant: string
  readonly required: RequiredLabels
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** Less than the service's own timeout; undefined for that one. */
  readonly timeoutMs?: number | undefined
}

/** Answers PromQL about an exporter's store, in threads of its own. */
export class QueryService {
  readonly #findStore: () => QueryableStore | undefined
  readonly #options: QueryServiceOptions
  readonly #host: Pick<Context, 'clock' | 'log'>
  readonly #queue: FairQueue
  readonly #counts: Readonly<Record<'queries' | 'failed', { add(value: number): void }>>
  #store: QueryableStore | undefined
  readonly #choice: ThreadChoice
  #threads: QueryThread[] = []
  #stopWatching = () => {}

  /** @param findStore the store of this moment; undefined if there is none */
  constructor(
    findStore: () => QueryableStore | undefined,
    options: QueryServiceOptions,
    { clock, log, instruments }: Pick<Context, 'clock' | 'log' | 'instruments'>
  ) {
    this.#findStore = findStore
    this.#options = options
    this.#host = { clock, log }
    this.#queue = new FairQueue(options, clock)
    this.#choice = new ThreadChoice(options.threads)
    this.#counts = {
      queries: instruments.counter('queries_total', 'Questions asked, of all kinds.'),
      failed: instruments.counter('queries_failed_total', 'Questions that were answered by an error.')
    }
    instruments.gauge('queries_running', 'Questions being answered.', () => this.#queue.running)
    instruments.gauge('queries_waiting', 'Questions that wait for others to end.', () => this.#queue.waiting)
  }

  /** Starts the threads, so that the first question does not wait for them. Nothing happens if the store is not there. */
  start(): void {
    const store = this.#findStore()
    if (store === undefined) return
    this.#connect(store)
    for (const thread of this.#threads) thread.start()
  }

  /** Rejects with a {@link QueryError}. */
  async ask(request: QueryRequest, asker: Asker): Promise<QueryAnswer> {
    this.#counts.queries.add(1)
    try {
      const leave = await this.#queue.enter(asker.tenant, asker.signal)
      try {
        return await this.#run(request, asker)
      } finally {
        leave()
      }
    } catch (error) {
      this.#counts.failed.add(1)
      throw asker.signal.aborted ? new QueryError('canceled', 'the client has gone') : error
    }
  }

  async close(): Promise<void> {
    this.#stopWatching()
    await Promise.all(this.#threads.map(thread => thread.end('Weir is stopping')))
  }

  async #run(request: QueryRequest, { required, signal, timeoutMs = Infinity }: Asker): Promise<QueryAnswer> {
    const thread = this.#threadFor(request)
    const running = thread.run(request, required)
    const longest = Math.min(timeoutMs, this.#options.timeoutMs)
    let cancelGrace = () => {}
    const stop = (why: 'canceled' | 'timeout') => {
      running.interrupt(why)
      cancelGrace()
      cancelGrace = this.#host.clock.setTimer(
        GRACE_MS,
        () => void thread.end('a query went on after its time was over')
      )
    }
    const cancelTimeout = this.#host.clock.setTimer(longest, () => stop('timeout'))
    const abort = () => stop('canceled')
    signal.addEventListener('abort', abort, { once: true })
    try {
      return await running.answer
    } finally {
      cancelTimeout()
      cancelGrace()
      signal.removeEventListener('abort', abort)
    }
  }

  #threadFor(request: QueryRequest): QueryThread {
    const store = this.#findStore()
    if (store === undefined) throw new QueryError('unavailable', 'the store is not there now: try again')
    this.#connect(store)
    return this.#threads[this.#choice.of('text' in request ? request.text : JSON.stringify(request))]
  }

  /** A reload may have exchanged the exporter. Queries of the one before are refused. */
  #connect(store: QueryableStore): void {
    if (store === this.#store) return
    this.#stopWatching()
    const outgoing = this.#threads
    this.#threads = Array.from(
      { length: this.#options.threads },
      () => new QueryThread(THREAD, store, this.#options, this.#host.log)
    )
    this.#store = store
    const changed = (time: number) => {
      for (const thread of this.#threads) thread.changed(time)
    }
    this.#stopWatching = store.watch?.(changed) ?? (() => {})
    for (const thread of outgoing) void thread.end('its store was replaced')
  }
}
