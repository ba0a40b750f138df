import { type Answer, isRefusal, rejectionOf, retryAfterMs } from './answers.ts'
import { backoff } from './backoff.ts'
import type { Diagnostic } from './diagnostics.ts'
import { halves } from './halves.ts'
import { placesOf } from './identity.ts'
import type { QueuedRequest, RequestStore, Signal, Waiting } from './requests.ts'
import { unref } from './timers.ts'

const REQUEST_TIMEOUT_MS = 10_000
/** A request that may have been taken is sent whole so often after a 413, for its second half would have a new number. */
const WHOLE_TRIES = 3
/** Twelve days, about half of what a timer can wait: one that is to wait for longer ends at once. */
const LONGEST_MS = 1e9
const JSON_TYPE = 'application/json'
/** Length of an answer's body that is shown to people. */
const SHOWN_CHARACTERS = 200

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
  /** Headers of every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly post: Post
  /** Keeps the process alive until the function that it returns is called. */
  hold?(): () => void
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
  readonly #places = { metrics: placesOf('m'), logs: placesOf('e') }
  /** By key. The first is the next one to be sent. */
  readonly #queue = new Map<string, Waiting>()
  #inFlight: Waiting | undefined
  #order = 0
  #failures = 0
  /** Unix ms; an answer's `Retry-After`. */
  #notBefore = 0
  #isRunning = false
  /** Those who wait for a request to be settled. */
  #waiting: (() => void)[] = []
  #wake: (() => void) | undefined

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** While it is true nobody should {@link enqueue} more. */
  get isFull(): boolean {
    return this.#sum(({ body }) => body.length) >= this.#options.maxQueueBytes
  }

  /** Items of requests that are not settled. */
  get unsentItems(): number {
    return this.#sum(({ items }) => items)
  }

  /** True if the request with this key is not settled. */
  has(key: string): boolean {
    return this.#queue.has(key)
  }

  /**
   * Takes a request and returns at once.
   * @param items data points or log records in it
   * @param write the JSON of an ExportMetricsServiceRequest or ExportLogsServiceRequest, whose every resource has the
   * attributes that `identity` is the text of: OTLP's KeyValues with commas between them, without brackets
   */
  enqueue(signal: Signal, items: number, write: (identity: string) => string): void {
    const { key, attributes } = this.#places[signal]()
    const body = new TextEncoder().encode(write(JSON.stringify(attributes).slice(1, -1)))
    const request = { key, signal, items, body, madeAt: Date.now() }
    this.#add(request, ++this.#order, this.#options.store?.put(request))
  }

  /** Sends requests of somebody who is gone. Those it has already do not matter. */
  adopt(requests: readonly QueuedRequest[]): void {
    for (const request of requests) if (!this.has(request.key)) this.#add(request, Infinity, undefined, true)
  }

  /** Sends at once what fits into `maxBytes`, since a page may not live on. Requests that are not taken so stay. */
  rush(maxBytes: number, contentType?: string): void {
    if (this.isClosed) return
    let left = maxBytes
    for (const request of this.#queue.values()) {
      const { body, rushed } = request
      if (body.length > left) continue
      left -= body.length
      if (rushed !== undefined || request === this.#inFlight) continue
      request.maybeTaken = true
      request.rushed = this.#attempt(request, contentType)
    }
  }

  /** Tries at once, unless the server said when. */
  wake(): void {
    this.#wake?.()
  }

  /** Resolves once everything that was enqueued before is taken or refused for good, or the sender is closed. */
  async flush(): Promise<void> {
    const order = this.#order
    const release = this.#options.hold?.()
    this.wake()
    while (!this.isClosed && [...this.#queue.values()].some(request => request.order <= order))
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    release?.()
  }

  /** Sends what there is. Resolves to the items that are not settled after `deadlineMs`; nothing is sent any more. */
  async close(deadlineMs: number): Promise<number> {
    const end = () => {
      this.isClosed = true
      this.wake()
      this.#tell()
    }
    const timer = setTimeout(end, Math.min(deadlineMs, LONGEST_MS))
    await this.flush()
    clearTimeout(timer)
    end()
    return this.unsentItems
  }

  #add(request: QueuedRequest, order: number, stored?: Promise<void>, maybeTaken = false): void {
    if (this.isClosed) return
    this.#queue.set(request.key, { ...request, order, stored, maybeTaken, wholeTries: 0 })
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    for (;;) {
      const [request] = this.#queue.values()
      if (!request) break
      await request.stored
      await request.rushed
      request.rushed = undefined
      if (this.isClosed) break
      if (!this.has(request.key)) continue
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
    this.#notBefore = 0
  }

  async #attempt(request: Waiting, contentType = JSON_TYPE): Promise<void> {
    const { endpoint, headers, post } = this.#options
    const url = `${String(endpoint).replace(/\/+$/, '')}/v1/${request.signal}`
    const all = { ...headers, 'content-type': contentType }
    let answer: Answer
    try {
      answer = await post(url, all, request.body, AbortSignal.timeout(REQUEST_TIMEOUT_MS))
    } catch (error) {
      request.maybeTaken = true
      return this.#fail(request, 'outage', `no answer from ${url}: ${error}`)
    }
    // The same bytes may have been on their way twice.
    if (!this.has(request.key)) return
    const { status, location, body } = answer
    // A page is no answer of a receiver, but of something that is there in its place.
    if (status >= 200 && status < 300 && !/^\s*</.test(body)) return this.#take(request, answer)
    // Another content type may be refused that is none of the request's own.
    if (contentType !== JSON_TYPE) return
    const message = `${url} answers ${status} ${location ?? ''} ${body.slice(0, SHOWN_CHARACTERS)}`
    if (isRefusal(answer)) return this.#refuse(request, 'refused', message)
    if (status === 413 && (!request.maybeTaken || ++request.wholeTries > WHOLE_TRIES))
      return request.items > 1 ? this.#halve(request) : this.#refuse(request, 'too_large', message)
    // Something in between may answer for a server that has taken it.
    if (status >= 500 && status !== 503) request.maybeTaken = true
    this.#notBefore = Date.now() + retryAfterMs(answer)
    this.#fail(request, status < 400 ? 'redirect' : 'outage', message)
  }

  /** The turn of a failed request comes again after the others': one that a server cannot stand must not stop them. */
  #fail(request: Waiting, code: 'outage' | 'redirect', message: string): void {
    this.#failures++
    if (this.#queue.delete(request.key)) this.#queue.set(request.key, request)
    this.#options.diagnose({ code, message, items: request.items })
  }

  #take(request: Waiting, answer: Answer): void {
    const { items, message } = rejectionOf(answer)
    this.totals.taken += request.items - items
    this.totals.rejected += items
    if (items > 0) this.#options.diagnose({ code: 'rejected', message, items })
    this.#settle(request)
  }

  #refuse(request: Waiting, code: 'refused' | 'too_large', message: string): void {
    const { items } = request
    this.totals.refused += items
    this.#options.diagnose({ code, message, items })
    this.#settle(request)
  }

  #settle(request: Waiting): void {
    void this.#options.store?.replace(request, [])
    this.#remove(request, [])
  }

  /** The first half keeps the number, the second one gets the next. */
  async #halve(request: Waiting): Promise<void> {
    const { signal, madeAt, key, items, body } = request
    const next = this.#places[signal]()
    const made = halves(new TextDecoder().decode(body), items, next.attributes).map((json, i) => ({
      key: i === 0 ? key : next.key,
      signal,
      items: i === 0 ? Math.ceil(items / 2) : Math.floor(items / 2),
      body: new TextEncoder().encode(json),
      madeAt
    }))
    const isOurs = (await this.#options.store?.replace(request, made)) ?? true
    this.#remove(request, isOurs ? made : [])
  }

  #remove(request: Waiting, instead: readonly QueuedRequest[]): void {
    this.#failures = 0
    this.#queue.delete(request.key)
    for (const half of instead) this.#add(half, request.order)
    this.#tell()
  }

  #sum(of: (request: Waiting) => number): number {
    let sum = 0
    for (const request of this.#queue.values()) sum += of(request)
    return sum
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }
}
