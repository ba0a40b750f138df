import { backoff, retryAfterMs } from './backoff.ts'
import { halves } from './halves.ts'
import { type Identity, identityOf } from './identity.ts'
import { unref } from './timers.ts'

const REQUEST_TIMEOUT_MS = 10_000
/** A request that may have been taken is sent as a whole this often after 413s: its second half would have a new number. */
const WHOLE_TRIES = 3
const PATHS = { metrics: '/v1/metrics', logs: '/v1/logs' }

export type Signal = keyof typeof PATHS

/** The whole answer to a request. Headers that were not there are null or not set. */
export interface Answer {
  readonly status: number
  readonly retryAfter?: string | null | undefined
  readonly location?: string | null | undefined
  readonly body: string
}

/** One POST, which follows no redirect. Rejects if the whole answer did not come, or if `signal` says so. */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal
) => Promise<Answer>

/** A request in the queue. Its bytes and its number never change, however often it is sent. */
export interface QueuedRequest {
  /** Unique among all clients. */
  readonly key: string
  readonly signal: Signal
  /** Data points or log records. */
  readonly items: number
  readonly body: Uint8Array<ArrayBuffer>
  /** Unix ms. */
  readonly madeAt: number
}

/** Keeps requests beyond the life of the process. None of its methods rejects. */
export interface RequestStore {
  put(request: QueuedRequest): Promise<void>
  /** In one step. False if somebody else has removed the request: then nothing is changed. */
  replace(request: QueuedRequest, by: readonly QueuedRequest[]): Promise<boolean>
}

/** `code`: a name for programs; `items`: data points, log records or calls that it is about. */
export interface Diagnostic {
  readonly code: 'outage' | 'redirect' | 'refused' | 'rejected' | 'too_large' | 'dropped' | 'misuse'
  readonly message: string
  readonly items: number
}

export interface SenderOptions {
  /** Such as `http://127.0.0.1:4318`, without `/v1/metrics`. */
  readonly endpoint: string
  /** Of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly post: Post
  /** Keeps the process alive until the function that it returns is called. */
  hold(): () => void
  /** Bytes of requests from which on the queue is full. */
  readonly maxQueueBytes: number
  readonly store?: RequestStore | undefined
  /** Never throws. */
  diagnose(diagnostic: Diagnostic): void
}

interface Waiting extends QueuedRequest {
  /** That of the request it is a half of, for {@link Sender.flush}. */
  readonly order: number
  readonly stored: Promise<void> | undefined
  maybeTaken: boolean
  wholeTries: number
}

/**
 * Sends OTLP/HTTP requests in JSON until each is taken, or refused for good. One is on its way at a time. Every request
 * has `weir.client.id`, `weir.client.epoch` and `weir.client.seq`, so that Weir's `dedup` (`mode: client_seq`) counts it
 * once.
 */
export class Sender {
  /** Items by outcome. `rejected`: by a partial success; `refused`: with their request, or too large alone. */
  readonly totals = { taken: 0, rejected: 0, refused: 0 }
  readonly #options: SenderOptions
  readonly #identities: Readonly<Record<Signal, Identity>>
  readonly #queue = new Map<string, Waiting>()
  #bytes = 0
  #order = 0
  #failures = 0
  /** Unix ms; an answer's `Retry-After`. */
  #notBefore = 0
  #isRunning = false
  #isClosed = false
  #wake: (() => void) | undefined
  #abort: (() => void) | undefined
  #flushes: { readonly order: number; readonly resolve: () => void }[] = []

  constructor(options: SenderOptions) {
    this.#options = options
    this.#identities = { metrics: identityOf('m'), logs: identityOf('e') }
  }

  /** While it is true nobody should {@link enqueue} more. */
  get isFull(): boolean {
    return this.#bytes >= this.#options.maxQueueBytes
  }

  /** Items of requests that are not settled. */
  get unsentItems(): number {
    let items = 0
    for (const request of this.#queue.values()) items += request.items
    return items
  }

  /** The requests that are not settled, the oldest first. */
  get unsent(): Iterable<QueuedRequest> {
    return this.#queue.values()
  }

  /**
   * Takes a request and returns at once.
   * @param items data points or log records in it
   * @param write the JSON of an ExportMetricsServiceRequest or ExportLogsServiceRequest, whose every resource has the
   * attributes that `identity` is the text of: OTLP's KeyValues with commas between them, without brackets
   */
  enqueue(signal: Signal, items: number, write: (identity: string) => string): void {
    const identity = this.#identities[signal].next()
    this.#add(identity.key, signal, items, write(identity.text), ++this.#order)
  }

  /** Sends requests of somebody who is gone. Those it has already do not matter. */
  adopt(requests: readonly QueuedRequest[]): void {
    for (const request of requests)
      if (!this.#queue.has(request.key)) this.#push({ ...request, order: Infinity, stored: undefined }, true)
  }

  /** Drops a request that nobody wants any more. */
  discard(request: QueuedRequest): void {
    if (this.#queue.has(request.key)) this.#settle(request)
  }

  /** Tries at once, unless the server said when. */
  wake(): void {
    this.#wake?.()
  }

  /** Resolves once everything that was enqueued before is taken or refused for good. */
  flush(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    this.wake()
    const release = this.#options.hold()
    return new Promise<void>(resolve => {
      this.#flushes.push({ order: this.#order, resolve })
      this.#resolveFlushes()
    }).finally(release)
  }

  /** Sends what there is. Resolves to the items that are not settled after `deadlineMs`; nothing is sent any more. */
  async close(deadlineMs: number): Promise<number> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<void>(resolve => (timer = setTimeout(resolve, deadlineMs)))
    await Promise.race([this.flush(), late])
    clearTimeout(timer)
    this.#isClosed = true
    this.#abort?.()
    this.#wake?.()
    for (const { resolve } of this.#flushes) resolve()
    return this.unsentItems
  }

  #add(key: string, signal: Signal, items: number, body: string, order: number): void {
    const request = { key, signal, items, body: new TextEncoder().encode(body), madeAt: Date.now(), order }
    this.#push({ ...request, stored: this.#options.store?.put(request) }, false)
  }

  #push(request: Omit<Waiting, 'maybeTaken' | 'wholeTries'>, maybeTaken: boolean): void {
    if (this.#isClosed) return
    this.#queue.set(request.key, { ...request, maybeTaken, wholeTries: 0 })
    this.#bytes += request.body.length
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (;;) {
      const [request] = this.#queue.values()
      if (request === undefined || this.#isClosed) break
      await request.stored
      await this.#attempt(request)
      if (this.#failures > 0) await this.#pause()
    }
    this.#isRunning = false
  }

  async #pause(): Promise<void> {
    const wait = Math.max(backoff(this.#failures), this.#notBefore - Date.now())
    await new Promise<void>(resolve => {
      const timer = unref(setTimeout(resolve, wait))
      this.#wake = () => {
        if (this.#notBefore > Date.now() && !this.#isClosed) return
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  async #attempt(request: Waiting): Promise<void> {
    const url = this.#options.endpoint.replace(/\/+$/, '') + PATHS[request.signal]
    let answer: Answer
    try {
      answer = await this.#post(url, request.body)
    } catch (error) {
      request.maybeTaken = true
      return this.#fail(request, 'outage', `no answer from ${url}: ${(error as Error).message}`)
    }
    const { status, location } = answer
    if (status >= 200 && status < 300) return this.#take(request, answer)
    if (status === 0 || (status >= 300 && status < 400)) {
      const where = location ? `to ${location}` : 'elsewhere'
      return this.#fail(request, 'redirect', `${url} redirects ${where}: set the endpoint to where Weir listens`)
    }
    if (status === 413 && (!request.maybeTaken || ++request.wholeTries > WHOLE_TRIES)) return this.#halve(request)
    if (status >= 500 && status !== 503) request.maybeTaken = true
    if (status >= 500 || status === 408 || status === 413 || status === 429) {
      this.#notBefore = Date.now() + retryAfterMs(answer.retryAfter)
      return this.#fail(request, 'outage', `${url} answers ${status}: ${answer.body.slice(0, 200)}`)
    }
    return this.#refuse(request, 'refused', `${url} refuses with ${status}: ${answer.body.slice(0, 200)}`)
  }

  async #post(url: string, body: Uint8Array<ArrayBuffer>): Promise<Answer> {
    const controller = new AbortController()
    this.#abort = () => controller.abort(new Error(`it took longer than ${REQUEST_TIMEOUT_MS} ms`))
    const timer = unref(setTimeout(this.#abort, REQUEST_TIMEOUT_MS))
    try {
      return await this.#options.post(
        url,
        { ...this.#options.headers, 'content-type': 'application/json' },
        body,
        controller.signal
      )
    } finally {
      clearTimeout(timer)
      this.#abort = undefined
    }
  }

  /** Its turn comes again after the others': a request that a server cannot stand must not hold them up. */
  #fail(request: Waiting, code: 'outage' | 'redirect', message: string): void {
    this.#failures++
    if (this.#queue.delete(request.key)) this.#queue.set(request.key, request)
    this.#options.diagnose({ code, message, items: request.items })
  }

  #take(request: Waiting, { body }: Answer): void {
    const { rejected, message } = partialSuccess(body)
    this.totals.taken += request.items - rejected
    this.totals.rejected += rejected
    if (rejected > 0) this.#options.diagnose({ code: 'rejected', message, items: rejected })
    this.#settle(request)
  }

  #refuse(request: Waiting, code: 'refused' | 'too_large', message: string): void {
    this.totals.refused += request.items
    this.#options.diagnose({ code, message, items: request.items })
    this.#settle(request)
  }

  /** The first half keeps the number, the second one gets the next. */
  async #halve(request: Waiting): Promise<void> {
    const { signal, order, madeAt, key } = request
    if (request.items < 2) return this.#refuse(request, 'too_large', 'one item is larger than the server takes')
    const identity = this.#identities[signal].next()
    const parts = halves(new TextDecoder().decode(request.body), identity.attributes)
    const keys = [key, identity.key]
    const made = parts.map(({ items, json }, i) => {
      const body = new TextEncoder().encode(json)
      return { key: keys[i], signal, items, body, madeAt, order, stored: undefined }
    })
    const isOurs = (await this.#options.store?.replace(request, made)) ?? true
    this.#remove(request)
    if (isOurs) for (const half of made) this.#push(half, false)
    this.#failures = 0
    this.#resolveFlushes()
  }

  #settle(request: QueuedRequest): void {
    this.#remove(request)
    this.#failures = 0
    void this.#options.store?.replace(request, [])
    this.#resolveFlushes()
  }

  #remove({ key, body }: QueuedRequest): void {
    if (this.#queue.delete(key)) this.#bytes -= body.length
  }

  #resolveFlushes(): void {
    let oldest = Infinity
    for (const { order } of this.#queue.values()) oldest = Math.min(oldest, order)
    this.#flushes = this.#flushes.filter(({ order, resolve }) => {
      if (order < oldest) resolve()
      return order >= oldest
    })
  }
}

/** Of an ExportMetricsServiceResponse or ExportLogsServiceResponse. */
function partialSuccess(body: string): { rejected: number; message: string } {
  try {
    const { partialSuccess: partial = {} } = JSON.parse(body)
    const rejected = Number(partial.rejectedDataPoints ?? partial.rejectedLogRecords ?? 0)
    return { rejected: rejected > 0 ? rejected : 0, message: String(partial.errorMessage ?? '') }
  } catch {
    // Success is the status.
    return { rejected: 0, message: '' }
  }
}
