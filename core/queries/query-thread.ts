import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { describeError } from '../errors.ts'
import { GROWTH_WITH_QUERIES, raiseHeapGrowth } from '../heap-growth.ts'
import { QueryError, TooMuchError } from '../promql/query-error.ts'
import type { QueryableStore } from '../promql/queryable.ts'
import type { FromQueryThread, QuerySettings, ToQueryThread } from './messages.ts'
import type { QueryAnswer, QueryRequest, RequiredLabels } from './requests.ts'

/** Heap of the thread, in MiB. Columns of samples are outside of it, and bounded by the limits of queries. */
const MAX_HEAP_MB = 512
/**
 * A sample in memory: its time and value, its place in a result, and its text in the answer. Beside it, a store may keep a
 * quarter of a sample for other queries.
 */
const SAMPLE_BYTES = 32 + 5

/** Ends a query that was given to the thread. */
type Settle = (outcome: QueryAnswer | QueryError) => void

/** Bytes that the thread reads piece by piece. */
interface Fetch {
  readonly pieces: AsyncIterator<Uint8Array>
  readonly stop: AbortController
}

/** The most memory of one thread, in bytes. */
export function threadMemory({ limits, cacheBytes }: Pick<QuerySettings, 'limits' | 'cacheBytes'>): number {
  return MAX_HEAP_MB * 2 ** 20 + cacheBytes + SAMPLE_BYTES * limits.maxSamples
}

/** A thread that evaluates queries of one store, seen from the main thread. It starts with the first query, or before. */
export class QueryThread {
  readonly #entry: URL
  readonly #store: QueryableStore
  readonly #settings: QuerySettings
  readonly #log: Logger
  readonly #running = new Map<number, Settle>()
  readonly #fetches = new Map<number, Fetch>()
  #worker: Worker | undefined
  #queries = 0
  /** Unix ms; see `changedFrom` of the messages. */
  #changedFrom = Number.POSITIVE_INFINITY

  constructor(entry: URL, store: QueryableStore, settings: QuerySettings, log: Logger) {
    this.#entry = entry
    this.#store = store
    this.#settings = settings
    this.#log = log
  }

  /** Samples from `time` on, Unix ms, may have changed. */
  changed(time: number): void {
    this.#changedFrom = Math.min(this.#changedFrom, time)
  }

  /** Without it the first query waits until the thread's program is loaded. */
  start(): void {
    this.#worker ??= this.#newWorker()
  }

  run(request: QueryRequest, required: RequiredLabels): RunningQuery {
    const id = ++this.#queries
    const { promise, resolve, reject } = Promise.withResolvers<QueryAnswer>()
    this.#running.set(id, outcome => (outcome instanceof QueryError ? reject(outcome) : resolve(outcome)))
    this.start()
    const changedFrom = this.#changedFrom
    this.#changedFrom = Number.POSITIVE_INFINITY
    this.#post({ kind: 'run', id, request, required, changedFrom })
    return { answer: promise, interrupt: why => this.#post({ kind: 'interrupt', id, why }) }
  }

  /** Ends the thread. Its queries are refused; the next one starts it anew. */
  async end(why: string): Promise<void> {
    const worker = this.#worker
    this.#ended(why)
    await worker?.terminate()
  }

  #newWorker(): Worker {
    raiseHeapGrowth(GROWTH_WITH_QUERIES)
    const { module, config } = this.#store
    const workerData = { module, config, settings: this.#settings }
    const worker = new Worker(this.#entry, { workerData, resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MB } })
    let why = 'it ended by itself'
    worker.on('message', (message: FromQueryThread) => this.#receive(message))
    worker.on('error', error => {
      why = describeError(error)
    })
    worker.once('exit', () => {
      if (this.#worker !== worker) return
      this.#log.error({ err: why }, 'the thread of queries has ended; the next query starts it anew')
      this.#ended(`the thread of queries has ended: ${why}`)
    })
    worker.unref()
    return worker
  }

  #ended(why: string): void {
    this.#worker = undefined
    for (const settle of this.#running.values()) settle(new QueryError('unavailable', `${why}: try again`))
    this.#running.clear()
    for (const { stop } of this.#fetches.values()) stop.abort()
    this.#fetches.clear()
  }

  #post(message: ToQueryThread, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer)
  }

  #receive(message: FromQueryThread): void {
    if (message.kind === 'answer') this.#settle(message.id, message.answer)
    else if (message.kind === 'refused')
      this.#settle(message.id, new QueryError(message.error.kind, message.error.message))
    else if (message.kind === 'fetch') void this.#fetch(message.fetch, message.request)
    else if (message.kind === 'more') void this.#sendPiece(message.fetch)
    else this.#stopFetch(message.fetch)
  }

  #settle(id: number, outcome: QueryAnswer | QueryError): void {
    this.#running.get(id)?.(outcome)
    this.#running.delete(id)
  }

  async #fetch(fetch: number, request: string): Promise<void> {
    const stop = new AbortController()
    try {
      // Known before it is there, so that a stop in between reaches it.
      const opening = this.#store.fetch(request, stop.signal)
      this.#fetches.set(fetch, { pieces: later(opening), stop })
      await opening
    } catch (error) {
      return this.#failed(fetch, error)
    }
    await this.#sendPiece(fetch)
  }

  async #sendPiece(fetch: number): Promise<void> {
    const own = this.#fetches.get(fetch)
    if (own === undefined) return
    try {
      const { value, done = false } = await own.pieces.next()
      const bytes: Uint8Array<ArrayBuffer> = done ? new Uint8Array() : alone(value)
      if (done) this.#fetches.delete(fetch)
      this.#post({ kind: 'piece', fetch, bytes, isLast: done }, [bytes.buffer])
    } catch (error) {
      this.#failed(fetch, error)
    }
  }

  #failed(fetch: number, error: unknown): void {
    if (!this.#fetches.delete(fetch)) return
    const kind = error instanceof QueryError ? error.kind : 'unavailable'
    this.#post({
      kind: 'failed',
      fetch,
      error: { kind, message: describeError(error), isTooMuch: error instanceof TooMuchError }
    })
  }

  #stopFetch(fetch: number): void {
    this.#fetches.get(fetch)?.stop.abort()
    this.#fetches.delete(fetch)
  }
}

export interface RunningQuery {
  /** Rejects with a {@link QueryError}. */
  readonly answer: Promise<QueryAnswer>
  /** Has it end soon, by an error. */
  interrupt(why: 'canceled' | 'timeout'): void
}

/** Pieces that are read only once they are asked for. */
async function* later(opening: Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array, undefined> {
  yield* await opening
}

/** The bytes in memory of their own: posting a part of a buffer would clone all of it. */
function alone(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}
