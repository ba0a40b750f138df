import { type Answer, verdictOn } from './answers.ts'
import { backoff } from './backoff.ts'
import type { Diagnostic } from './diagnostics.ts'
import { halves } from './halves.ts'
import { type Identity, identityOf } from './identity.ts'
import { PATHS, type QueuedRequest, RequestQueue, type RequestStore, type Signal, type Waiting } from './queue.ts'
import { unref } from './timers.ts'

const REQUEST_TIMEOUT_MS = 10_000
/** A request that may have been taken is sent whole so often after a 413, for its second half would have a new number. */
const WHOLE_TRIES = 3
const JSON_TYPE = 'application/json'

/** One POST, which follows no redirect. Rejects if the whole answer did not come, or if `signal` says so. */
export type Post = (
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal
) => Promise<Answer>

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

/**
 * Sends OTLP/HTTP requests in JSON until each is taken, or refused for good. One is on its way at a time. Every request
 * has `weir.client.id`, `weir.client.epoch` and `weir.client.seq`, so that Weir's `dedup` (`mode: client_seq`) counts it
 * once.
 */
export class Sender {
  /** Items by outcome. `rejected`: by a partial success; `refused`: with their request, or too large alone. */
  readonly totals = { taken: 0, rejected: 0, refused: 0 }
  /** Nothing is sent any more. */
  isClosed = false
  readonly #options: SenderOptions
  readonly #identities: Readonly<Record<Signal, Identity>>
  readonly #queue = new RequestQueue()
  readonly #aborts = new Set<() => void>()
  #inFlight: Waiting | undefined
  #order = 0
  #failures = 0
  /** Unix ms; an answer's `Retry-After`. */
  #notBefore = 0
  #isRunning = false
  #wake: (() => void) | undefined

  constructor(options: SenderOptions) {
    this.#options = options
    this.#identities = { metrics: identityOf('m'), logs: identityOf('e') }
  }

  /** While it is true nobody should {@link enqueue} more. */
  get isFull(): boolean {
    return this.#queue.bytes >= this.#options.maxQueueBytes
  }

  /** Items of requests that are not settled. */
  get unsentItems(): number {
    return this.#queue.items
  }

  /** Keys of the requests that are not settled. */
  get keys(): ReadonlySet<string> {
    return new Set(Array.from(this.#queue, ({ key }) => key))
  }

  /**
   * Takes a request and returns at once.
   * @param items data points or log records in it
   * @param write the JSON of an ExportMetricsServiceRequest or ExportLogsServiceRequest, whose every resource has the
   * attributes that `identity` is the text of: OTLP's KeyValues with commas between them, without brackets
   */
  enqueue(signal: Signal, items: number, write: (identity: string) => string): void {
    const { key, text } = this.#identities[signal].next()
    const body = new TextEncoder().encode(write(text))
    const request = { key, signal, items, body, madeAt: Date.now() }
    this.#add({ ...request, order: ++this.#order, stored: this.#options.store?.put(request) })
  }

  /** Sends requests of somebody who is gone. Those it has already do not matter. */
  adopt(requests: readonly QueuedRequest[]): void {
    for (const request of requests)
      if (!this.#queue.has(request)) this.#add({ ...request, order: Infinity, stored: undefined }, true)
  }

  /** Sends at once what fits into `maxBytes`, since a page may not live on. Requests that are not taken so stay. */
  rush(maxBytes: number, contentType = JSON_TYPE): void {
    if (this.isClosed) return
    let left = maxBytes
    for (const request of this.#queue) {
      const { body, rushed } = request
      if (body.length > left) continue
      left -= body.length
      if (rushed === undefined && request !== this.#inFlight) request.rushed = this.#rush(request, contentType)
    }
  }

  /** Tries at once, unless the server said when. */
  wake(): void {
    this.#wake?.()
  }

  /** Resolves once everything that was enqueued before is taken or refused for good. */
  flush(): Promise<void> {
    if (this.isClosed) return Promise.resolve()
    this.wake()
    return this.#queue.settled(this.#order).finally(this.#options.hold())
  }

  /** Sends what there is. Resolves to the items that are not settled after `deadlineMs`; nothing is sent any more. */
  async close(deadlineMs: number): Promise<number> {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<void>(resolve => {
      timer = setTimeout(resolve, deadlineMs)
    })
    await Promise.race([this.flush(), late])
    clearTimeout(timer)
    this.isClosed = true
    for (const abort of this.#aborts) abort()
    this.#wake?.()
    this.#queue.release()
    return this.unsentItems
  }

  #add(request: Omit<Waiting, 'maybeTaken' | 'wholeTries'>, maybeTaken = false): void {
    if (this.isClosed) return
    this.#queue.add({ ...request, maybeTaken, wholeTries: 0 })
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (let request = this.#queue.first; request !== undefined; request = this.#queue.first) {
      await request.stored
      await request.rushed
      if (this.isClosed) break
      if (!this.#queue.has(request)) continue
      this.#inFlight = request
      await this.#attempt(request)
      this.#inFlight = undefined
      if (this.#failures > 0) await this.#pause()
    }
    this.#isRunning = false
  }

  async #pause(): Promise<void> {
    const wait = Math.max(backoff(this.#failures), this.#notBefore - Date.now())
    await new Promise<void>(resolve => {
      const timer = unref(setTimeout(resolve, wait))
      this.#wake = () => {
        if (this.#notBefore > Date.now() && !this.isClosed) return
        clearTimeout(timer)
        resolve()
      }
    })
    this.#wake = undefined
  }

  async #attempt(request: Waiting): Promise<void> {
    const url = this.#urlOf(request)
    let answer: Answer
    try {
      answer = await this.#post(url, request.body, JSON_TYPE)
    } catch (error) {
      request.maybeTaken = true
      return this.#fail(request, 'outage', `no answer from ${url}: ${(error as Error).message}`)
    }
    const verdict = verdictOn(answer, url)
    const { outcome, message } = verdict
    if (outcome === 'taken') return this.#take(request, verdict.rejected, message)
    if (outcome === 'refused') return this.#refuse(request, outcome, message)
    if (outcome === 'redirect') return this.#fail(request, outcome, message)
    if (outcome === 'too_large' && (!request.maybeTaken || ++request.wholeTries > WHOLE_TRIES))
      return this.#halve(request)
    if (outcome === 'again') {
      request.maybeTaken ||= verdict.mayBeTaken
      this.#notBefore = Date.now() + verdict.afterMs
    }
    this.#fail(request, 'outage', message)
  }

  async #rush(request: Waiting, contentType: string): Promise<void> {
    const url = this.#urlOf(request)
    try {
      const verdict = verdictOn(await this.#post(url, request.body, contentType), url)
      if (verdict.outcome === 'taken' && this.#queue.has(request))
        this.#take(request, verdict.rejected, verdict.message)
    } catch {
      // The next attempt is a usual one.
    }
    request.maybeTaken = true
    request.rushed = undefined
  }

  #urlOf({ signal }: QueuedRequest): string {
    return this.#options.endpoint.replace(/\/+$/, '') + PATHS[signal]
  }

  async #post(url: string, body: Uint8Array<ArrayBuffer>, contentType: string): Promise<Answer> {
    const controller = new AbortController()
    const abort = () => controller.abort(new Error(`it took longer than ${REQUEST_TIMEOUT_MS} ms`))
    this.#aborts.add(abort)
    const timer = unref(setTimeout(abort, REQUEST_TIMEOUT_MS))
    try {
      const headers = { ...this.#options.headers, 'content-type': contentType }
      return await this.#options.post(url, headers, body, controller.signal)
    } finally {
      clearTimeout(timer)
      this.#aborts.delete(abort)
    }
  }

  /** The turn of a failed request comes again after the others': one that a server cannot stand must not stop them. */
  #fail(request: Waiting, code: 'outage' | 'redirect', message: string): void {
    if (this.isClosed) return
    this.#failures++
    this.#queue.moveToEnd(request)
    this.#options.diagnose({ code, message, items: request.items })
  }

  #take(request: Waiting, rejected: number, message: string): void {
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

  #settle(request: QueuedRequest): void {
    this.#queue.remove(request)
    this.#failures = 0
    void this.#options.store?.replace(request, [])
    this.#queue.tell()
  }

  /** The first half keeps the number, the second one gets the next. */
  async #halve(request: Waiting): Promise<void> {
    const { signal, order, madeAt, key, items, body } = request
    if (items < 2) return this.#refuse(request, 'too_large', 'one item alone is larger than the server takes')
    const identity = this.#identities[signal].next()
    const keys = [key, identity.key]
    const made = halves(new TextDecoder().decode(body), identity.attributes).map(({ items, json }, i) => {
      return { key: keys[i], signal, items, body: new TextEncoder().encode(json), madeAt }
    })
    const isOurs = (await this.#options.store?.replace(request, made)) ?? true
    this.#queue.remove(request)
    this.#failures = 0
    if (isOurs) for (const half of made) this.#add({ ...half, order, stored: undefined })
    this.#queue.tell()
  }
}
