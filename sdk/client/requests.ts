/** The last part of a request's path. */
export type Signal = 'metrics' | 'logs'

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
