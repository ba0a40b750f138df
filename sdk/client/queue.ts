/** The path of a request, below the endpoint. */
export const PATHS = { metrics: '/v1/metrics', logs: '/v1/logs' }

export type Signal = keyof typeof PATHS

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

/** A request with what came of it so far. */
export interface Waiting extends QueuedRequest {
  /** Place in time of what it holds. Halves have that of the whole; requests of others have none, which is infinite. */
  readonly order: number
  /** Resolves once it is in the store. */
  readonly stored: Promise<void> | undefined
  /** The server could have taken it already: an answer did not come, or came from something in between. */
  maybeTaken: boolean
  /** How often it was sent as a whole again after a 413. */
  wholeTries: number
  /** An attempt beside the usual ones. */
  rushed?: Promise<void> | undefined
}

/** The requests that are not settled. The first is the next one to be sent. */
export class RequestQueue {
  bytes = 0
  readonly #requests = new Map<string, Waiting>()
  #waiters: { readonly order: number; readonly resolve: () => void }[] = []

  get first(): Waiting | undefined {
    const [request] = this.#requests.values()
    return request
  }

  get items(): number {
    let items = 0
    for (const request of this.#requests.values()) items += request.items
    return items
  }

  [Symbol.iterator](): Iterator<Waiting> {
    return this.#requests.values()
  }

  has({ key }: QueuedRequest): boolean {
    return this.#requests.has(key)
  }

  add(request: Waiting): void {
    this.#requests.set(request.key, request)
    this.bytes += request.body.length
  }

  moveToEnd(request: Waiting): void {
    if (this.#requests.delete(request.key)) this.#requests.set(request.key, request)
  }

  remove({ key, body }: QueuedRequest): void {
    if (this.#requests.delete(key)) this.bytes -= body.length
  }

  /** Resolves once there is no request with this place or an earlier one. */
  settled(order: number): Promise<void> {
    return new Promise(resolve => {
      this.#waiters.push({ order, resolve })
      this.tell()
    })
  }

  /** To be called after {@link remove}, when halves have been added. */
  tell(): void {
    let oldest = Infinity
    for (const { order } of this.#requests.values()) oldest = Math.min(oldest, order)
    this.#waiters = this.#waiters.filter(({ order, resolve }) => {
      if (order < oldest) resolve()
      return order >= oldest
    })
  }

  /** Lets go of those who wait in {@link settled}. */
  release(): void {
    for (const { resolve } of this.#waiters) resolve()
    this.#waiters = []
  }
}
